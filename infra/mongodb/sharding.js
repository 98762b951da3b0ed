// mongosh "mongodb://mongos:27017" sharding.js
// Spreads Parley over the shards of a cluster. Run once, before the first message; running it again changes nothing.
// Never run where it was written: no sharded cluster is to be had there.
/* global db, sh, print */
const name = "parley";
const parley = db.getSiblingDB(name);

// Both unique keys begin with the shard key, and so hold across the whole cluster, not only within a shard.
parley.events.createIndex({ channel: 1, seq: 1 }, { unique: true });
parley.events.createIndex({ channel: 1, sender: 1, id: 1 }, { unique: true });

sh.enableSharding(name);
// One channel's log lives on one shard, so that a run is one ordered insert there. Channel ids are random: ranges spread.
sh.shardCollection(`${name}.events`, { channel: 1 });
// Looked up by _id alone.
for (const collection of ["channels", "users"]) sh.shardCollection(`${name}.${collection}`, { _id: "hashed" });

// Cuts the range of channel ids into pieces before there is anything to move. Ids are base64url text.
const alphabet = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
for (let index = 4; index < alphabet.length; index += 4) {
  try {
    sh.splitAt(`${name}.events`, { channel: alphabet[index] });
  } catch (error) {
    // The cut is there already.
    print(`${alphabet[index]}: ${error.message}`);
  }
}
sh.startBalancer();
print("sharded: events by channel; channels and users by hashed _id");

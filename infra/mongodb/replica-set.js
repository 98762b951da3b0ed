// mongosh --host mongodb-1 replica-set.js
// Makes a replica set of three and waits for its primary; on one that stands already it only waits.
/* global rs, sleep, db, print */
const members = ["mongodb-1", "mongodb-2", "mongodb-3"].map((host, index) => ({ _id: index, host: `${host}:27017` }));

try {
  rs.status();
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  rs.initiate({ _id: "parley", members });
}

const deadline = Date.now() + 60_000;
while (rs.status().members.every((member) => member.stateStr !== "PRIMARY")) {
  if (Date.now() > deadline) throw new Error("no primary after 60 s");
  sleep(500);
}
print("replica set parley has a primary");

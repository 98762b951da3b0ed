import type { AppendHost } from "../channel/append-host.ts";
import type { Homes } from "../channel/homes.ts";
import type { LogHost } from "../channel/log-host.ts";
import type { Publisher } from "../channel/publisher.ts";
import type { InterestHost } from "../relay/interest-host.ts";
import type { RelayHost } from "../relay/relay-host.ts";
import type { SessionsHost } from "../session/sessions-host.ts";
import type { PeerHandler, Peers } from "./peers.ts";

/** What this server does with the words of another. */
export function createPeerHandler(parts: {
  readonly appends: AppendHost;
  readonly homes: Homes;
  readonly interest: InterestHost;
  readonly publisher: Publisher;
  readonly relays: RelayHost;
  readonly sessions: SessionsHost;
  readonly logs: LogHost;
  readonly peers: Peers;
}): PeerHandler {
  const { appends, homes, interest, logs, peers, publisher, relays, sessions } = parts;
  return (from, message) => {
    homes.notePresent(from);
    switch (message.type) {
      case "append":
        appends.onForwarded(from, message.call, message.request);
        break;
      case "answer":
        appends.onAnswer(message.call, message.answer);
        break;
      case "pending":
        appends.onPending(message.call);
        break;
      case "interest":
        publisher.addInterest(from, message.channels);
        peers.send(from, { type: "interested", channels: message.channels });
        break;
      case "interested":
        interest.onConfirmed(from, message.channels);
        break;
      case "uninterest":
        publisher.removeInterest(from, message.channels);
        break;
      case "events":
        relays.learn(message.channel, message.events);
        // Appended by a stand-in: the home reads on, and passes it on to all who are interested.
        if (homes.isHome(message.channel)) logs.hear(message.channel, message.events.at(-1)?.seq ?? 0);
        break;
      case "heads":
        for (const [channel, head] of message.heads) relays.hear(channel, head);
        break;
      case "joined":
        sessions.joined(message.channel, message.users, message.seq);
        break;
      case "cast":
        relays.cast(message.channel, message.from, message.payload);
        if (!message.isFromHome) publisher.cast(message.channel, message.from, message.payload, from);
        break;
      default:
        message satisfies never;
    }
  };
}

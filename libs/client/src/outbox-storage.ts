import type { OutboxRequest } from "./types.ts";

/**
 * An unsettled request as it is kept: enough to send it again under the same id after a restart. `prev` is not kept:
 * what came before the oldest unsettled request of a channel is settled, and the order of the others is the order here.
 */
export interface StoredRequest {
  readonly id: string;
  readonly channel: string;
  readonly request: OutboxRequest;
}

/**
 * Where the outbox of **one device** lives over restarts.
 *
 * **Order**: `load` answers in the order of the first `put` of each id. The SDK calls nothing before `load` has
 * answered, and does not wait for one call before the next, so an implementation must apply them in the order of calls.
 * **Durability**: a request goes to the wire only after its `put` has resolved.
 * **Repeat**: `put` of a known id replaces it in its place; `remove` of an unknown id does nothing.
 * **Errors**: a rejected `put` fails the request with `storage_failed`; a rejected `remove` is reported as `error`
 * and means that the request is sent again after a restart, which the server answers with the first ack.
 */
export interface OutboxStorage {
  load(): Promise<readonly StoredRequest[]>;
  put(request: StoredRequest): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Keeps the outbox for as long as the object lives; give the same object to the next client to carry it over. */
export function createMemoryStorage(): OutboxStorage {
  const requests = new Map<string, StoredRequest>();
  return {
    load: async () => [...requests.values()],
    put: async (request) => {
      requests.set(request.id, request);
    },
    remove: async (id) => {
      requests.delete(id);
    },
  };
}

/** The part of `localStorage` that is used; anything alike will do. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/**
 * Keeps the outbox in `localStorage` or alike, one item a request and one for their order, so that
 * a send rewrites only the list of ids, some 30 bytes a request, and not every text.
 * Two tabs must not share a device, and so not a prefix either.
 */
export function createKeyValueStorage(storage: KeyValueStorage, prefix: string): OutboxStorage {
  const orderKey = `${prefix}:order`;
  const keyOf = (id: string): string => `${prefix}:${id}`;
  let order: string[] = [];

  return {
    load: async () => {
      order = parseOrder(storage.getItem(orderKey));
      const requests: StoredRequest[] = [];
      for (const id of order) {
        const text = storage.getItem(keyOf(id));
        const request = text === null ? undefined : parseStoredRequest(text);
        if (request !== undefined) requests.push(request);
      }
      order = requests.map((request) => request.id);
      return requests;
    },
    put: async (request) => {
      storage.setItem(keyOf(request.id), JSON.stringify(request));
      if (order.includes(request.id)) return;
      order.push(request.id);
      storage.setItem(orderKey, JSON.stringify(order));
    },
    remove: async (id) => {
      const at = order.indexOf(id);
      if (at < 0) return;
      order.splice(at, 1);
      // The order goes first: an item without a place in it is never sent again.
      storage.setItem(orderKey, JSON.stringify(order));
      storage.removeItem(keyOf(id));
    },
  };
}

function parseOrder(text: string | null): string[] {
  if (text === null) return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter((id) => typeof id === "string") : [];
  } catch {
    // A torn or foreign item: nothing in it can be sent, and failing here would lock the user out for good.
    return [];
  }
}

/** Takes one stored line or item; undefined for anything that is not a request as this version writes it. */
export function parseStoredRequest(text: string): StoredRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isStoredRequest(value) ? value : undefined;
}

function isStoredRequest(value: unknown): value is StoredRequest {
  if (typeof value !== "object" || value === null) return false;
  if (!("id" in value) || typeof value.id !== "string") return false;
  if (!("channel" in value) || typeof value.channel !== "string") return false;
  if (!("request" in value) || typeof value.request !== "object" || value.request === null) return false;
  const { request } = value;
  return "type" in request && ["send", "edit", "delete", "react"].includes(String(request.type));
}

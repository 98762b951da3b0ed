import { MongoClientClosedError, MongoServerSelectionError, MongoTopologyClosedError } from "mongodb";
import { StoreError } from "../message-store.ts";

/** **Errors**: what `action` throws, as {@link StoreError} `unavailable`: a read that failed did nothing. */
export async function reading<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof StoreError || error instanceof RangeError) throw error;
    throw new StoreError("unavailable", `the store could not be read (${nameOf(error)})`, { cause: error });
  }
}

/** **Errors**: what `action` throws, as {@link StoreError} with the code that is true of a single attempt to write. */
export async function writing<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof StoreError || error instanceof RangeError) throw error;
    if (isBeforeSending(error)) {
      throw new StoreError("unavailable", `the store is out of reach (${nameOf(error)})`, { cause: error });
    }
    throw new StoreError("unknown", `the store did not confirm a write (${nameOf(error)})`, { cause: error });
  }
}

/** Then, and only then, a write surely did not happen. Holds since the driver makes one attempt (retryWrites off). */
function isBeforeSending(error: unknown): boolean {
  return (
    error instanceof MongoServerSelectionError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoClientClosedError ||
    // The driver keeps the class to itself.
    nameOf(error) === "MongoWaitQueueTimeoutError"
  );
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "not an error";
}

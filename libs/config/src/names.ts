/** helloDeadlineMs → hello-deadline-ms */
export function optionName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** (chat-server, queueBytesMax) → PARLEY_CHAT_SERVER_QUEUE_BYTES_MAX */
export function envName(section: string, key: string, env?: string): string {
  if (env !== undefined) return env;
  const parts = ["parley", ...(section === "" ? [] : [section]), optionName(key)];
  return parts.join("_").replaceAll("-", "_").toUpperCase();
}

// What happens at the server, heard by all windows of this browser through one stream: a browser has
// six connections to a server, a stream keeps one, and a seventh window would wait for ever. The
// window that holds the lock listens and tells the others; when it closes, the next one does.

import { Refusal, request, token, windowName } from "./server.js";

const AGAIN = 1500; // milliseconds until a broken connection is tried again

/** @typedef {{stream: string | null, over?: boolean}} Connection  the name of the stream, null while there is none; over where there will be none any more */
/** @typedef {{event: any} | Connection | "which stream?"} Message */

/**
 * Listen to what happens, while the server is the one of this page; after a break the connection is made again.
 * @param {(event: any) => void} told
 * @param {(connection: Connection) => void} connected
 */
export function listen(told, connected) {
  const name = `kontur ${token}`;
  const channel = new BroadcastChannel(name);
  /** @type {Connection | null} */ let mine = null; // of this window, where it is the one that listens
  /** @param {Message} message */
  const take = (message) => {
    if (message === "which stream?") {
      if (mine) channel.postMessage(mine);
    } else if ("event" in message) told(message.event);
    else connected(message);
  };
  /** @param {{event: any} | Connection} message */
  const tellAll = (message) => {
    if ("stream" in message) mine = message;
    channel.postMessage(message);
    take(message);
  };
  channel.onmessage = ({ data }) => take(data);
  channel.postMessage("which stream?");
  navigator.locks.request(name, () => follow(tellAll));
}

/** @param {(message: {event: any} | Connection) => void} tellAll */
async function follow(tellAll) {
  for (;;) {
    try {
      for await (const event of events()) tellAll(event.kind === "hello" ? { stream: windowName } : { event });
    } catch (error) {
      if (error instanceof Refusal && error.byAnother) return tellAll({ stream: null, over: true });
    }
    tellAll({ stream: null });
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

/** The events of one connection, until it breaks. */
async function* events() {
  const answer = await request("GET", `events?stream=${windowName}`);
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const lines = text.split("\n\n");
    text = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data: ")) yield JSON.parse(line.slice(6));
  }
}

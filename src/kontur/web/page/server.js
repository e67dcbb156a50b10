// Talking to the server: calls with the token, errors as sentences, and the stream of events.

const stored = "kontur-token";

/** The token of the address; kept for this tab, so that a reload works. */
export const token = (() => {
  const given = new URLSearchParams(location.search).get("token");
  if (given) sessionStorage.setItem(stored, given);
  return given ?? sessionStorage.getItem(stored) ?? "";
})();

/** A name for this window, so that it recognises its own edits. */
export const windowName = crypto.getRandomValues(new Uint32Array(2)).join("-");

export class Refusal extends Error {
  /** @param {number} status @param {string} sentence @param {string} reason */
  constructor(status, sentence, reason) {
    super(sentence);
    this.status = status;
    this.reason = reason;
  }
}

/**
 * @param {string} method
 * @param {string} path  below /api/
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
export async function request(method, path, body, signal) {
  /** @type {Record<string, string>} */
  const headers = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(`/api/${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  });
  if (!answer.ok) {
    /** @type {{detail?: string, reason?: string}} */
    const problem = await answer.json().catch(() => ({}));
    throw new Refusal(answer.status, problem.detail ?? answer.statusText, problem.reason ?? "");
  }
  return answer;
}

/** @param {string} path @param {AbortSignal} [signal] @returns {Promise<any>} */
export async function get(path, signal) {
  return (await request("GET", path, undefined, signal)).json();
}

/** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
export async function send(method, path, body) {
  const answer = await request(method, path, body);
  return answer.status === 204 ? null : answer.json();
}

/**
 * Listen to what happens, for ever; after a break the connection is made again.
 * @param {(event: any) => void} told
 * @param {(connected: boolean) => void} connection
 */
export async function listen(told, connection) {
  for (;;) {
    try {
      const answer = await request("GET", `events?window=${encodeURIComponent(windowName)}`);
      connection(true);
      const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
      const decoder = new TextDecoder();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        text += decoder.decode(value, { stream: true });
        const lines = text.split("\n\n");
        text = lines.pop() ?? "";
        for (const line of lines) if (line.startsWith("data: ")) told(JSON.parse(line.slice(6)));
      }
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) {
        connection(false);
        return;
      }
    }
    connection(false);
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
}

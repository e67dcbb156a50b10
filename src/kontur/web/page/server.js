// Talking to the server: calls with the token, errors as sentences.

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
 * @param {boolean} [keepalive]  whether it outlives this window
 * @returns {Promise<Response>}
 */
export async function request(method, path, body, signal, keepalive = false) {
  /** @type {Record<string, string>} */
  const headers = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(`/api/${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
    keepalive,
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

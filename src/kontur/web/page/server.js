// Talking to the server: calls with the token, errors as sentences.

import { t } from "./language.js";

const stored = "kontur-token";
const UNKNOWN_TOKEN = 401;

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

  /** Whether another server runs by now than the one that this page is of: it answers nothing any more. */
  get byAnother() {
    return this.status === UNKNOWN_TOKEN;
  }
}

/** No answer came: the server has ended, or the way to it is broken. */
export class NoConnection extends Error {}

/**
 * @param {string} method
 * @param {string} path  below /api/
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 * @param {boolean} [keepalive]  whether it outlives this window
 * @returns {Promise<Response>}  or a `Refusal`, or `NoConnection`
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
  }).catch((error) => broken(error, signal));
  if (!answer.ok) {
    /** @type {{detail?: string, reason?: string}} */
    const problem = await answer.json().catch(() => ({}));
    const sentence = answer.status === UNKNOWN_TOKEN ? t("another_server") : (problem.detail ?? answer.statusText);
    throw new Refusal(answer.status, sentence, problem.reason ?? "");
  }
  return answer;
}

/** @param {Response} answer @param {AbortSignal} [signal] @returns {Promise<any>} */
const read = (answer, signal) => answer.json().catch((error) => broken(error, signal));

/** @param {unknown} error  of a browser, in its own words @param {AbortSignal} [signal] @returns {never} */
function broken(error, signal) {
  throw signal?.aborted ? error : new NoConnection(t("no_connection"));
}

/** @param {string} path @param {AbortSignal} [signal] @returns {Promise<any>} */
export async function get(path, signal) {
  return read(await request("GET", path, undefined, signal), signal);
}

/** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
export async function send(method, path, body) {
  const answer = await request(method, path, body);
  return answer.status === 204 ? null : read(answer);
}

// The words of the page in the language that is chosen.

import en from "./words/en.js";
import zh from "./words/zh.js";

/** @typedef {keyof typeof en} Word */

/** @type {Record<string, Record<Word, string>>} */
const LANGUAGES = { en, zh };
export const LANGUAGE_NAMES = /** @type {Record<string, string>} */ ({ en: "English", zh: "中文" });
const stored = "kontur-language";

let language = localStorage.getItem(stored) ?? (navigator.language.startsWith("zh") ? "zh" : "en");
if (!(language in LANGUAGES)) language = "en";
document.documentElement.lang = language;

export const currentLanguage = () => language;

/** Change the language; whoever calls draws the page again. @param {string} name */
export function setLanguage(name) {
  language = name in LANGUAGES ? name : "en";
  localStorage.setItem(stored, language);
  document.documentElement.lang = language;
}

/**
 * A word or sentence, with values in place of {name}.
 * @param {Word} word
 * @param {Record<string, string | number>} [values]
 */
export function t(word, values = {}) {
  const text = LANGUAGES[language][word] ?? en[word] ?? word;
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

/** Fill every element that names a word. @param {ParentNode} root */
export function translate(root = document) {
  for (const each of root.querySelectorAll("[data-word]")) {
    each.textContent = t(/** @type {Word} */ (/** @type {HTMLElement} */ (each).dataset.word));
  }
  for (const each of root.querySelectorAll("[data-title]")) {
    const text = t(/** @type {Word} */ (/** @type {HTMLElement} */ (each).dataset.title));
    each.setAttribute("title", text);
    each.setAttribute("aria-label", text);
  }
}

"use strict";
/* What all parts share: elements, scales, ticks, numbers, and the tip that follows the pointer. Text is set as text. */
document.documentElement.classList.add("js");
const data = JSON.parse(document.getElementById("data").textContent);
const find = (selector, within = document) => within.querySelector(selector);
const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];

function element(name, attributes = {}, parent = null, text = null) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

function svg(name, attributes = {}, parent = null, text = null) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

function swatch(row) {
  const node = svg("svg", { class: "swatch", viewBox: "0 0 22 8", "aria-hidden": "true" });
  svg("path", { class: `line c${row.look.colour} d${row.look.dash}`, d: "M1 4H21" }, node);
  return node;
}

function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds), two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)} h` : `${minutes}:${two(whole % 60)} min`;
}

/* A name that may lose its middle where room is short: networks differ at its beginning, their settings at its end. */
function cutName(name) {
  const node = element("span", { class: "name" });
  const blank = name.length > 24 ? name.indexOf(" ", name.length - 17) : -1;
  const end = blank < 0 ? name.length : blank + 1;
  element("span", { class: end < name.length ? "head cut" : "head" }, node, name.slice(0, end));
  if (end < name.length) element("span", { class: "tail" }, node, name.slice(end));
  return node;
}

/* Several changes in one turn are drawn once. */
const waiting = new Set();
function soon(draw) {
  if (waiting.has(draw)) return;
  waiting.add(draw);
  requestAnimationFrame(() => { waiting.delete(draw); draw(); });
}

const tip = find("#tip");
let tipScroll = 0; // where the page stood when it was shown

function showTip(x, y, title, entries) {
  tip.replaceChildren();
  element("div", { class: "title" }, tip, title);
  for (const entry of entries) {
    const line = element("div", { class: entry.near ? "entry near" : "entry" }, tip);
    if (entry.row) line.append(swatch(entry.row));
    line.append(cutName(entry.name));
    element("b", {}, line, entry.text);
  }
  tip.hidden = false;
  tipScroll = scrollY;
  const { width, height } = tip.getBoundingClientRect();
  const left = x + 16 + width > innerWidth ? x - 16 - width : x + 16;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, Math.min(y - height / 2, innerHeight - height - 4))}px`;
}

const hideTip = () => { tip.hidden = true; };
const isTouch = (event) => event.pointerType === "touch";

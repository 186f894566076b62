"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const words = data.words;
const NARROW = "\u202f";

const share = (percent) => `${Math.round(percent)}${NARROW}%`;

/** Writes seconds as a player shows them; with tenths where they matter. */
function clock(seconds, tenths = false) {
  const whole = Math.floor(seconds + 1e-6);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const text = (hours ? `${hours}:${two(minutes)}` : minutes) + ":" + two(whole % 60);
  return tenths ? `${text}${words.point}${Math.floor((seconds + 1e-6 - whole) * 10)}` : text;
}

/** Builds the picture of an emotion with its name. */
function emojiOf(emotion) {
  const picture = document.createElement("span");
  picture.className = `emoji emoji-${emotion.name}`;
  picture.setAttribute("aria-hidden", "true");
  return picture;
}

/** Does something once, when an element is about to be seen. */
function whenSeen(element, act) {
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    act();
  }, { rootMargin: "300px" });
  watch.observe(element);
}

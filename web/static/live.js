// What the pages gain where script is allowed; without it every form and link still works.

// A part of the page that follows the world: fetched again every few seconds, swapped only when it changed.
for (const part of document.querySelectorAll("[data-live]")) {
  const every = Number(part.dataset.every || 3) * 1000;
  let shown = null;
  let wait = every;
  const refresh = async () => {
    try {
      const answer = document.hidden ? null : await fetch(part.dataset.live, { headers: { Accept: "text/html" } });
      if (answer?.ok) {
        const fresh = await answer.text();
        if (fresh !== shown && !part.contains(document.activeElement)) {
          part.innerHTML = fresh;
          shown = fresh;
        }
      }
      wait = answer && !answer.ok ? Math.min(wait * 2, 60000) : every; // a struggling server is asked less often
    } catch {
      wait = Math.min(wait * 2, 60000);
    }
    if (!part.querySelector("[data-live-end]")) setTimeout(refresh, wait);
  };
  setTimeout(refresh, every);
}

// The size picker: the drawing wears the chosen colour, the button says the whole amount.
const offer = document.querySelector("[data-offer]");
if (offer) {
  const button = offer.querySelector("[data-unit-minor]");
  const update = () => {
    const colour = offer.querySelector("[name=sku]:checked")?.dataset.colour;
    const wearing = colour && document.querySelector(`[data-garment="${CSS.escape(colour)}"]`);
    if (wearing) for (const one of document.querySelectorAll("[data-garment]")) one.hidden = one !== wearing;
    const quantity = Math.max(1, Number(offer.elements.quantity.value) || 1);
    const { digits, currency, words } = button.dataset;
    const unitMinor = offer.querySelector("[name=terms]:checked")?.dataset.nowMinor ?? button.dataset.unitMinor;
    const amount = new Intl.NumberFormat(document.documentElement.lang, {
      style: "currency", currency, currencyDisplay: "narrowSymbol",
    }).format((unitMinor * quantity) / 10 ** digits);
    button.textContent = words.replace("{amount}", amount);
  };
  offer.addEventListener("input", update);
  update();
}

// Copy a link. The button is hidden until it can work.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
  });
}

// How do figures become lines? uPlot draws them. The legend is ours, so that screen readers read it and it does not jump.
import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';

const HEIGHT = 180;

/** A canvas does not understand custom properties or `light-dark()`. An element that gets the colour tells its present value. */
function colourOf(element, colour) {
  element.style.color = colour;
  const now = getComputedStyle(element).color;
  element.style.color = '';
  return now;
}

// Dashes, so that lines can be told apart without colours too.
const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2], [1, 4]];

const clock = (seconds) => {
  const time = new Date(seconds * 1000);
  return [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
};

/** 1, 2, 5, 10 … up to a thousand million. */
const WHOLE = Array.from({ length: 28 }, (_, at) => [1, 2, 5][at % 3] * 10 ** Math.floor(at / 3));

const measuring = document.createElement('canvas').getContext('2d');

/** How wide an axis with these labels is, in pixels. */
function roomFor(font, marks) {
  measuring.font = font;
  return Math.ceil(Math.max(44, ...marks.map((mark) => measuring.measureText(mark).width + 14)));
}

function options(element, { lines, unit, width, hover }) {
  const [text, faint] = [colourOf(element, 'var(--quiet)'), colourOf(element, 'var(--line)')];
  const font = '12px system-ui, sans-serif';
  const axis = { stroke: text, font, grid: { stroke: faint, width: 1 }, ticks: { stroke: faint, width: 1, size: 4 } };
  const say = lines[0].say;
  return {
    width, height: HEIGHT, legend: { show: false }, padding: [10, 8, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    // At least five minutes, so that the first figures do not fill the whole width.
    scales: {
      x: { range: (_, first, last) => (last ? [Math.min(first, last - 300), last] : [0, 1]) },
      y: { range: (_, low, high) => [unit === 'B' && low > 0 ? Math.floor(low * 0.98) : 0, high > 0 ? high * 1.1 : 1] },
    },
    axes: [
      { ...axis, size: 30, values: (_, splits) => splits.map(clock), space: 60, incrs: [60, 120, 300, 600] },
      // Things that are counted have whole numbers as labels: there is no half socket. The axis is as wide as its labels need.
      { ...axis, size: (_, marks) => roomFor(font, marks ?? []), space: 24, incrs: unit === '' || unit === '/min' ? WHOLE : undefined,
        values: (_, splits) => splits.map(say) },
    ],
    series: [{}, ...lines.map((line, at) => ({
      label: line.label, stroke: colourOf(element, line.colour), width: 2, points: { show: false },
      dash: dashes[at % dashes.length],
    }))],
    hooks: { setCursor: [(plot) => hover(plot.cursor.idx ?? null)] },
  };
}

/** What a plot shows, in words for screen readers. */
const summary = (title, lines) => `${title}, the last half hour. ${lines.map(({ label, values, say }) => {
  const known = values.filter((value) => value !== null);
  return known.length ? `${label}: now ${say(known.at(-1))}, at most ${say(Math.max(...known))}` : `${label}: nothing yet`;
}).join('; ')}.`;

export function Plot({ title, unit, lines, times }) {
  const [box, plot] = [useRef(), useRef()];
  const [at, hover] = useState(null);
  const kind = lines.map((line) => line.label).join();
  const data = [times, ...lines.map((line) => line.values)];
  const latest = useRef();
  latest.current = data;
  useEffect(() => {
    const element = box.current;
    const make = () => {
      plot.current?.destroy();
      const width = Math.max(200, element.clientWidth);
      plot.current = new window.uPlot(options(element, { lines, unit, width, hover }), latest.current, element);
    };
    make();
    const resized = new ResizeObserver(() => plot.current.setSize({ width: Math.max(200, element.clientWidth), height: HEIGHT }));
    resized.observe(element);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', make);
    addEventListener('schemechange', make);
    return () => {
      resized.disconnect();
      dark.removeEventListener('change', make);
      removeEventListener('schemechange', make);
      plot.current.destroy();
      plot.current = null;
    };
  }, [kind]);
  useEffect(() => plot.current?.setData(data), [times.at(-1), times.length]);
  const shown = at === null || at >= times.length ? times.length - 1 : at;
  return html`
    <figure class="card plot">
      <figcaption><h2>${title}</h2><span class="small quiet time">${times.length ? (at === null ? 'now' : clock(times[shown])) : ''}</span></figcaption>
      <div class="drawn">
        <div class="canvas" ref=${box} role="img" aria-label=${summary(title, lines)}></div>
        ${!times.length && html`<p class="soon small quiet">The first figures come within ten seconds.</p>`}
      </div>
      <ul class="legend small">${lines.map((line, number) => html`<li key=${line.label}>
        <svg class="key" width="22" height="4" aria-hidden="true"><path d="M0 2h22" stroke=${line.colour} stroke-width="3"
          stroke-dasharray=${dashes[number % dashes.length].join(' ')} /></svg>
        ${line.label} <strong>${line.say(line.values[shown])}</strong></li>`)}</ul>
    </figure>`;
}

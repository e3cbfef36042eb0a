// data-chart on an element with a <script type="application/json">: a time series, drawn by uPlot once it is in sight.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-chart]", (element) => {
  const sight = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting) return;
    sight.disconnect();
    const { drawTimeSeries } = await import("./time-series.js");
    drawTimeSeries(element, JSON.parse(element.querySelector("script").textContent));
  });
  sight.observe(element);
});

// Everything a signed-in page needs. Heavy parts (charts, editor) load only where a page asks for them.
import "@fontsource-variable/inter/wght.css";
import "./css/tabler.scss";
import "./css/tokens.css";
import "./css/base.css";
import "./css/shell.css";
import "./css/page-header.css";
import "./css/button.css";
import "./css/card.css";
import "./css/table.css";
import "./css/filters.css";
import "./css/pager.css";
import "./css/empty.css";
import "./css/form.css";
import "./css/badge.css";
import "./css/progress.css";
import "./css/stat.css";
import "./css/timeline.css";
import "./css/dialog.css";
import "./css/flash.css";
import "./css/menu.css";
import "./css/tabs.css";
import "./css/facts.css";
import "./css/copy.css";
import "./css/chart.css";
import "./css/steps.css";
import "./css/dashboard.css";
import "./css/avatar.css";
import "./css/auth.css";
import "./css/editor.css";
import "./css/mail.css";

import Alpine from "@alpinejs/csp";
import htmx from "htmx.org";

import { behaviours } from "./behaviours.js";
import "./js/chart.js";
import "./js/choose-rows.js";
import "./js/copy.js";
import "./js/dialog.js";
import "./js/editor.js";
import "./js/flash.js";
import "./js/guess-zone.js";
import "./js/menu.js";
import "./js/must-type.js";
import "./js/search-key.js";
import "./js/sidebar.js";
import "./js/submit-on-change.js";
import "./js/submit-once.js";
import "./js/tabs.js";
import "./js/theme.js";

// The security policy refuses what these would do: add a style sheet, evaluate attributes. No page is kept in local storage.
Object.assign(htmx.config, { includeIndicatorStyles: false, allowEval: false, historyCacheSize: 0 });
window.htmx = htmx;
window.Alpine = Alpine;
Alpine.start();
behaviours.start();

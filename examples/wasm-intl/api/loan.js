// GET /api/loan?sum=10000&months=24&percent=3.5&start=2026-01-31&locale=de&zone=Europe/Berlin

import { wasm } from "./_payment.js";

const MONTHS_MAX = 600;

// Compiled once for each isolate.
const { payment } = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports;

const CURRENCIES = { "en-US": "USD", "ja": "JPY", "de": "EUR", "pt-BR": "BRL", "hi": "INR" };

// The same day some months later, or the last day of a month that lacks it.
function later(start, months) {
    const day = new Date(start);
    day.setUTCDate(1);
    day.setUTCMonth(day.getUTCMonth() + months);
    const last = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
    day.setUTCDate(Math.min(start.getUTCDate(), last));
    return day;
}

export function GET(request) {
    const asked = Object.fromEntries(new URL(request.url).searchParams);
    const { locale = "en-US", zone = "UTC", start = "2026-01-31" } = asked;
    const [sum, months, percent] = [asked.sum, asked.months, asked.percent ?? "0"].map(Number);
    const first = new Date(`${start}T12:00:00Z`);
    const currency = CURRENCIES[locale];
    if (!currency) return problem(`locale is one of ${Object.keys(CURRENCIES).join(", ")}`);
    if (!(sum > 0) || !(percent >= 0)) return problem("sum is above 0, percent 0 or more");
    if (!Number.isInteger(months) || months < 1 || months > MONTHS_MAX) {
        return problem(`months is a whole number from 1 to ${MONTHS_MAX}`);
    }
    if (Number.isNaN(first.valueOf())) return problem("start is a day such as 2026-01-31");
    let days;
    try {
        days = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: zone });
    } catch {
        return problem("zone is the name of a time zone, such as Asia/Tokyo");
    }
    const money = new Intl.NumberFormat(locale, { style: "currency", currency });
    const parts = new Intl.PluralRules(locale).select(months);
    return Response.json({
        payment: money.format(payment(sum, months, percent / 100 / 12)),
        first: days.format(first),
        last: days.format(later(first, months - 1)),
        months: `${new Intl.NumberFormat(locale).format(months)} (${parts})`,
    });
}

function problem(error) {
    return Response.json({ error }, { status: 400 });
}

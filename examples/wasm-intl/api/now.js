// GET /api/now?zone=Asia/Tokyo: the time there, which the node's own data of time zones knows.

export function GET(request) {
    const zone = new URL(request.url).searchParams.get("zone") ?? "UTC";
    try {
        const clock = new Intl.DateTimeFormat("en-GB", {
            timeZone: zone, hour: "2-digit", minute: "2-digit", timeZoneName: "longOffset",
        });
        return Response.json({ zone, time: clock.format(new Date()) });
    } catch {
        return Response.json({ error: `${zone} is no time zone` }, { status: 400 });
    }
}

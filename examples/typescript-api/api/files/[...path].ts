// GET /api/files/a/b/c.txt shows what a rest parameter is.

import type { RouteRequest } from "../_shelf.ts";

export const GET = ({ params }: RouteRequest<"path">): Response => {
    const parts: string[] = params.path.split("/");
    return Response.json({ name: parts.at(-1)!, folders: parts.slice(0, -1) });
};

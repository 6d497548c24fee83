// GET /api/books/2 answers one book.

import { type RouteRequest, problem, shelf } from "../_shelf.ts";

export function GET(request: RouteRequest<"id">): Response {
    const book = shelf.find(Number(request.params.id));
    return book ? Response.json(book) : problem(404, `no book ${request.params.id}`);
}

// GET /api/books?genre=novel lists books; POST checks a new one, and keeps none.

import { type Book, Genre, isGenre, problem, shelf } from "../_shelf.ts";

export function GET(request: Request): Response {
    const genre = new URL(request.url).searchParams.get("genre") ?? undefined;
    if (genre !== undefined && !isGenre(genre)) {
        return problem(400, `genre is one of ${Object.values(Genre).join(", ")}`);
    }
    return Response.json(shelf.list(genre).map(({ id, title }) => ({ id, title })));
}

export async function POST(request: Request): Promise<Response> {
    const draft = (await request.json()) as Partial<Book>;
    const missing = (["title", "author", "year"] as const).filter((key) => draft[key] == null);
    if (missing.length > 0) return problem(400, `missing: ${missing.join(", ")}`);
    const genre = draft.genre ?? Genre.Novel;
    if (!isGenre(genre)) return problem(400, `no such genre: ${String(genre)}`);
    const { title, author, year } = draft;
    return Response.json({ title, author, year, genre }, { status: 202 });
}

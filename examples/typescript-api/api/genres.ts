// GET /api/genres counts the books of each genre.

import { Genre, shelf } from "./_shelf.ts";

type Counts = { [genre in Genre]: number };

export default function (): Counts {
    const counts = Object.values(Genre).map((genre) => [genre, shelf.list(genre).length]);
    return Object.fromEntries(counts) as Counts;
}

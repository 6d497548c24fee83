// What the routes share: the types, and the books behind them.

import list from "./_books.json" with { type: "json" };

export enum Genre {
    Novel = "novel",
    Poetry = "poetry",
    Science = "science",
}

export interface Book {
    readonly id: number;
    title: string;
    author: string;
    year: number;
    genre: Genre;
}

/** A request as fazt's handlers get it: the web's, and what the route made of the path. */
export interface RouteRequest<Name extends string = never> extends Request {
    readonly params: Readonly<Record<Name, string>>;
}

export function isGenre(value: unknown): value is Genre {
    return Object.values(Genre).includes(value as Genre);
}

export class Shelf {
    readonly #books: ReadonlyMap<number, Book>;

    constructor(private readonly books: readonly Book[]) {
        this.#books = new Map(books.map((book) => [book.id, book] as const));
    }

    find(id: number): Book | undefined {
        return this.#books.get(id);
    }

    list(genre?: Genre): Book[] {
        return this.books.filter((book) => genre === undefined || book.genre === genre);
    }
}

export const shelf = new Shelf(list as Book[]);

export function problem(status: number, error: string): Response {
    return Response.json({ error } satisfies { error: string }, { status });
}

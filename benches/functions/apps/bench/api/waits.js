// Waits for a server beside this one, whose port the request names.
export default async (request) => {
    const { port } = Object.fromEntries(new URL(request.url).searchParams);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    return Response.json({ answer: await answer.text() });
};

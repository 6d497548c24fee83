// Reads a list of orders and answers what each customer owes, largest first.
export function transform({ orders }) {
    const owed = new Map();
    for (const { customer, lines, paid } of orders) {
        if (paid) continue;
        const total = lines.reduce((sum, { price, count }) => sum + price * count, 0);
        const found = owed.get(customer) ?? { customer, total: 0, orders: 0 };
        found.total += total;
        found.orders += 1;
        owed.set(customer, found);
    }
    const customers = [...owed.values()].sort((a, b) => b.total - a.total);
    return { customers, names: orders.map(({ id, customer }) => `${customer}-${id}`) };
}

export default async (request) => Response.json(transform(await request.json()));

// Roof: a trading session written with the official JavaScript SDK alone; prints what its objects
// say, one JSON line for each subject. Arguments: the simulator's address, a symbol.
"use strict";

const { Alpaca } = require("@alpacahq/alpaca-trade-api");

const [address, symbol] = process.argv.slice(2);
const PATIENCE_MS = 120_000;
const day = { timeInForce: "day" };
const cents = (price) => price.toFixed(2);

// The SDK names Alpaca's hosts itself; its own `fetchApi` option is where they are led here.
const fetchApi = (url, init) =>
  fetch(String(url).replace(/^https:\/\/[^/]+/, `http://${address}`), init);
const alpaca = new Alpaca({ keyId: "ALICE", secret: "alice-secret", rateLimit: false, fetchApi });
const stranger = new Alpaca({ keyId: "ALICE", secret: "wrong", retry: false, fetchApi });

function say(subject, saw) {
  process.stdout.write(JSON.stringify({ subject, saw }) + "\n");
}

async function until(what, holds) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function refusal(asked) {
  try {
    return { answered: await asked };
  } catch (error) {
    return { kind: error.name, status: error.status, code: error.code, message: error.message };
  }
}

function terms(order) {
  const { id, clientOrderId, status, type, side, qty, filledQty, limitPrice, stopPrice } = order;
  const { orderClass, replaces, replacedBy, legs, timeInForce, trailPercent, hwm } = order;
  const told = { id, clientOrderId, status, type, side, qty, filledQty, limitPrice, stopPrice };
  const more = { orderClass, replaces, replacedBy, timeInForce, trailPercent, hwm };
  return { ...told, ...more, legs: legs?.map(terms), symbol: order.symbol };
}

async function reference() {
  const clock = await alpaca.trading.clock.legacyClock();
  const markets = await alpaca.trading.clock.clock({ markets: "NYSE" });
  const today = new Date(clock.timestamp.toISOString().slice(0, 10));
  const [session] = await alpaca.trading.calendar.legacyCalendar({ start: today, end: today });
  say("clock", { ...clock, phase: markets.clocks[0].phase, session });
  const assets = await alpaca.trading.assets.getV2Assets({ status: "active" });
  const asset = await alpaca.trading.assets.getV2AssetsSymbolOrAssetId({ symbolOrAssetId: symbol });
  const same = await alpaca.trading.assets.getV2AssetsSymbolOrAssetId({ symbolOrAssetId: asset.id });
  say("assets", { symbols: assets.map((each) => each.symbol), asset, same });
  say("account", await alpaca.trading.account.getAccount());
  const { accountConfigurations } = alpaca.trading;
  const changed = { ...(await accountConfigurations.getAccountConfig()), noShorting: true };
  await accountConfigurations.patchAccountConfig({ accountConfigurations: changed });
  say("configuration", await accountConfigurations.getAccountConfig());
}

async function listen() {
  const seen = { trades: [], quotes: [], bars: [], updates: [], news: [], acks: [], errors: [] };
  const data = alpaca.marketData.stockStream({ url: `ws://${address}/v2/sip` });
  const news = alpaca.marketData.newsStream({ url: `ws://${address}/v1beta1/news` });
  const updates = alpaca.trading.stream({ url: `ws://${address}/stream` });
  data.onTrade((trade) => seen.trades.push(trade));
  data.onQuote((quote) => seen.quotes.push(quote));
  data.onBar((bar) => seen.bars.push(bar));
  data.on("subscription", (set) => seen.acks.push(set));
  news.onNews((article) => seen.news.push(article));
  updates.onTradeUpdate((update) => seen.updates.push(update));
  updates.on("subscription", (streams) => seen.acks.push(streams));
  for (const stream of [data, news, updates]) stream.on("client_error", (e) => seen.errors.push(e));
  data.onConnect(() => {
    data.subscribeForTrades([symbol]);
    data.subscribeForQuotes([symbol]);
    data.subscribeForBars(["*"]);
    data.subscribeForStatuses(["*"]);
    data.subscribeForLulds(["*"]);
    data.subscribeForImbalances([symbol]);
  });
  news.onConnect(() => news.subscribeForNews(["*"]));
  updates.onConnect(() => updates.subscribeTradeUpdates());
  for (const stream of [data, news, updates]) stream.connect();
  await until("market data", () => seen.trades.length > 20 && seen.quotes.length && seen.bars.length);
  await until("all acknowledgements", () => seen.acks.length >= 7);
  return { seen, updates, streams: [data, news, updates] };
}

async function history(seen) {
  const [first, last] = [seen.trades[0], seen.trades[20]].map((each) => each.timestamp);
  const span = { symbols: [symbol], start: first, end: last };
  const told = { from: first, to: last };
  const trades = await alpaca.marketData.getStockTrades({ ...span, limit: 7 });
  const quotes = await alpaca.marketData.getStockQuotes({ ...span, limit: 1000 });
  const minute = new Date(seen.bars[0].timestamp);
  const bars = await alpaca.marketData.getStockBars({
    symbols: [seen.bars[0].symbol],
    timeframe: "1Min",
    start: minute,
    end: minute,
  });
  const price = await alpaca.marketData.getLatestPrice(symbol);
  const bar = bars[seen.bars[0].symbol];
  say("history", { ...told, trades: trades[symbol], quotes: quotes[symbol], bar, price });
  return price;
}

async function lists() {
  const { watchlists } = alpaca.trading;
  const createWatchlistRequest = { name: "Mine", symbols: [symbol] };
  const made = await watchlists.postWatchlist({ createWatchlistRequest });
  const added = await watchlists.addAssetToWatchlistByName({
    name: "Mine",
    addAssetToWatchlistRequest: { symbol: "SPY" },
  });
  const found = await watchlists.getWatchlistById({ watchlistId: made.id });
  const left = await watchlists.removeAssetFromWatchlist({ watchlistId: made.id, symbol });
  const heads = await watchlists.getWatchlists();
  await watchlists.deleteWatchlistByName({ name: "Mine" });
  const gone = await refusal(watchlists.getWatchlistById({ watchlistId: made.id }));
  const names = [made, added, found, left].map((each) => each.assets.map((one) => one.symbol));
  say("watchlists", { made, names, heads, gone });
}

async function trade({ seen, updates }, price) {
  const { orders, positions } = alpaca.trading;
  const events = (order) => seen.updates.filter((u) => u.order.id === order.id).map((u) => u.event);
  const reached = (order, event) => until(event, () => events(order).includes(event));

  const low = { symbol, qty: 3, side: "buy", limitPrice: cents(price / 2), timeInForce: "gtc" };
  const resting = await orders.limit({ ...low, clientOrderId: "resting-1" });
  await reached(resting, "new");
  const patchOrderRequest = { limitPrice: cents(price / 4), qty: "2", clientOrderId: "resting-2" };
  const moved = await orders.patchOrderByOrderId({ orderId: resting.id, patchOrderRequest });
  await reached(moved, "new");
  await orders.deleteOrderByOrderID({ orderId: moved.id });
  await reached(moved, "canceled");
  const before = await orders.getOrderByOrderID({ orderId: resting.id });
  const after = await orders.getOrderByClientOrderId({ clientOrderId: "resting-2" });
  const lives = [events(resting), events(moved)];
  say("replacement", { placed: terms(resting), before: terms(before), after: terms(after), lives });

  const bracket = await orders.bracket({
    symbol,
    qty: 10,
    side: "buy",
    timeInForce: "gtc",
    takeProfit: { limitPrice: cents(price * 2) },
    stopLoss: { stopPrice: cents(price / 2) },
  });
  await reached(bracket, "fill");
  const held = await positions.getOpenPosition({ symbolOrAssetId: symbol });
  const nested = await orders.getOrderByOrderID({ orderId: bracket.id, nested: true });
  const refused = await refusal(orders.market({ symbol, qty: 1, side: "sell" }));
  say("bracket", { placed: terms(bracket), nested: terms(nested), position: held, refused });

  for (const leg of nested.legs.filter((each) => each.type === "limit"))
    await orders.deleteOrderByOrderID({ orderId: leg.id });
  await until("no open order", async () => (await orders.getAllOrders()).length === 0);
  const oco = await orders.oco({
    symbol,
    qty: 4,
    side: "sell",
    takeProfit: { limitPrice: cents(price * 2) },
    stopLoss: { stopPrice: cents(price / 2), limitPrice: cents(price / 3) },
  });
  const trailing = await orders.trailingStop({ symbol, qty: 5, side: "sell", trailPercent: 50, ...day });
  await reached(trailing, "new");
  const open = await orders.getAllOrders({ nested: true, symbols: [symbol], direction: "asc" });
  say("exits", { oco: terms(oco), open: open.map(terms) });

  const gone = await orders.deleteAllOrders();
  await until("no open order", async () => (await orders.getAllOrders()).length === 0);
  const all = [oco.id, ...oco.legs.map((leg) => leg.id), trailing.id];
  say("canceled", { gone, all });

  await positions.deleteOpenPosition({ symbolOrAssetId: symbol, qty: "4" });
  await until("six shares", async () => (await positions.getAllOpenPositions())[0].qty === "6");
  const closed = await alpaca.trading.closeAllPositions({ cancelOrders: true });
  await until("no share", async () => (await positions.getAllOpenPositions()).length === 0);
  const last = await alpaca.trading.submitAndWait(
    { type: "market", symbol, qty: "0.5", side: "buy", clientOrderId: "awaited" },
    { stream: updates, timeoutMs: PATIENCE_MS },
  );
  say("closed", { statuses: closed.map((each) => each.status), awaited: terms(last) });
}

async function afterwards(seen) {
  const fills = await alpaca.trading.collectActivitiesByType({ activityType: "FILL", pageSize: 2 });
  const told = seen.updates.filter((each) => each.event.endsWith("fill"));
  const flow = told.map(({ price, qty, order, positionQty, executionId }) => {
    return { price, qty, side: order.side, orderId: order.id, positionQty, executionId };
  });
  const history = await alpaca.trading.portfolioHistory.getAccountPortfolioHistory({
    period: "1D",
    timeframe: "1Min",
  });
  const [account, positions] = [
    await alpaca.trading.account.getAccount(),
    await alpaca.trading.positions.getAllOpenPositions(),
  ];
  say("books", { fills, flow, history, account, positions });
  const { orders, positions: held } = alpaca.trading;
  say("refusals", {
    unknown: await refusal(orders.getOrderByOrderID({ orderId: "00000000-0000-4000-8000-000000000000" })),
    flat: await refusal(held.getOpenPosition({ symbolOrAssetId: "NONE" })),
    twice: await refusal(orders.market({ symbol, qty: 1, side: "buy", clientOrderId: "awaited" })),
    penny: await refusal(orders.limit({ symbol, qty: 1, side: "buy", limitPrice: "10.001" })),
    stranger: await stranger.trading.validateConnection(),
  });
}

async function main() {
  await reference();
  const listening = await listen();
  const { seen, streams } = listening;
  await lists();
  await trade(listening, await history(seen));
  await afterwards(seen);
  const { acks, errors, trades, quotes, bars } = seen;
  const latest = acks.filter((each) => !Array.isArray(each)).at(-1);
  say("stream", { ack: latest, errors, trades: trades.slice(0, 200), quotes: quotes.slice(0, 50), bars });
  await until("news", () => seen.news.length > 3);
  const past = await alpaca.marketData.collectNews({ sort: "asc", includeContent: true, limit: 3 });
  say("news", { streamed: seen.news, past });
  for (const stream of streams) stream.disconnect();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);

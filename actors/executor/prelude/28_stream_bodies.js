// Streams as the bodies of requests and responses use them. These functions take and give the
// objects that scripts see, and nothing that a script does to their prototypes changes them.

const {
  Reader, then, resolve, cancelStream, createReadable, objectOf, streamOf, tee,
} = fz.streams;

const expect = (value) => {
  const stream = streamOf(value);
  if (stream === undefined) throw new TypeError("the value is no ReadableStream");
  return stream;
};

// Whether a value is a stream.
fz.isReadableStream = (value) => streamOf(value) !== undefined;

// Whether a stream was ever read or cancelled (IsReadableStreamDisturbed).
fz.isDisturbed = (value) => expect(value).disturbed;

// Whether a stream has a reader (IsReadableStreamLocked).
fz.isLocked = (value) => expect(value).reader !== undefined;

// Two streams out of one; the second gets copies of the chunks (Fetch 2.2.4, "clone a body").
fz.teeForClone = (value) => tee(expect(value), true).map(objectOf);

// A stream of what `pull()` gives, null being its end. It queues nothing: `pull` runs when somebody
// reads. `cancel(reason)` runs at most once, and never after the end.
fz.streamFromPull = ({ pull, cancel }) => {
  const stream = createReadable({
    pull: async () => {
      const chunk = await pull();
      if (chunk === null) stream.controller.close();
      else stream.controller.enqueue(chunk);
    },
    cancel: async (reason) => {
      await cancel?.(reason);
    },
  }, 0);
  stream.source = { pull, cancel };
  return objectOf(stream);
};

// What an untouched stream was made of by `streamFromPull`, else null. From then on the stream
// counts as read, and only the caller pulls: bytes that merely pass through skip the queues.
fz.takePull = (value) => {
  const stream = expect(value);
  const { source } = stream;
  const isFresh = source !== undefined && !stream.disturbed && stream.reader === undefined;
  if (!isFresh || stream.state !== "readable") return null;
  new Reader(stream);
  stream.disturbed = true;
  return source;
};

// A locked reader in three functions: `next()` is a promise of a chunk, or of null at the end.
fz.readStream = (value) => {
  const reader = new Reader(expect(value));
  const next = () => new Promise((settle, fail) => {
    reader.read({ chunk: settle, close: () => settle(null), error: fail });
  });
  return { next, cancel: (reason) => reader.cancel(reason), release: () => reader.release() };
};

// All bytes of a stream (Streams 9.1.2, "read all bytes"). Fails with a TypeError for a chunk that
// is no Uint8Array, with a RangeError above `bytesMax`; either cancels the stream, which stays
// locked.
fz.readAll = async (value, bytesMax) => {
  const { next, cancel } = fz.takePull(value) === null
    ? fz.readStream(value) : pullReader(streamOf(value));
  const chunks = [];
  let length = 0;
  const refuse = (error) => {
    then(resolve(cancel(error)), undefined, () => {});
    return error;
  };
  for (;;) {
    const chunk = await next();
    if (chunk === null) return chunks.length === 0 ? new Uint8Array(0) : fz.concat(chunks);
    if (!(chunk instanceof Uint8Array)) {
      throw refuse(new TypeError("a body must consist of Uint8Array chunks"));
    }
    length += chunk.byteLength;
    if (length > bytesMax) throw refuse(new RangeError(`the body has over ${bytesMax} bytes`));
    chunks.push(chunk);
  }
};

// The same for a stream whose source was taken: it is told how the reading ends.
const pullReader = (stream) => {
  const { pull } = stream.source;
  const next = async () => {
    try {
      const chunk = await pull();
      if (chunk === null) stream.controller.close();
      return chunk;
    } catch (error) {
      stream.controller.error(error);
      throw error;
    }
  };
  return { next, cancel: (reason) => cancelStream(stream, reason) };
};

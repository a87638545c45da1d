// Photos go to a server, the scene comes back:
//
//     npm install
//     npm run submit -- localhost:50051 scene.ply a.jpg b.jpg
//
// The header goes first; the bytes follow once the server has accepted it. Each file that arrives is held against its
// checksum. docs/client.md says what a client of more than one screen would do besides: try again with the same id.

import { createHash, randomUUID } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { credentials, loadPackageDefinition, type ServiceError } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const CHUNK_BYTES = 2 ** 20;
const PROTO = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "proto");

type File = { name: string; sizeBytes: number; sha256: Buffer };
type Answer = {
  accepted?: object;
  event?: {
    queued?: { position: number };
    progress?: { stage: string; seconds: number };
    file?: File;
    chunk?: { content: Buffer };
    summary?: { gaussians: number };
  };
};

const sha256 = (content: Buffer) => createHash("sha256").update(content).digest();
const reading = { includeDirs: [PROTO], longs: Number, defaults: true, oneofs: true };
const definition = loadSync("snapsplat/v1/service.proto", reading);
const { SnapsplatService } = (loadPackageDefinition(definition) as any).snapsplat.v1;

const [server, output, ...paths] = process.argv.slice(2);
const photos = paths.map((path) => ({ name: basename(path), content: readFileSync(path) }));
const client = new SnapsplatService(server, credentials.createInsecure());
const call = client.Reconstruct();

let file: File | undefined;
let pieces: Buffer[] = [];

call.write({
  header: {
    requestId: randomUUID(),
    images: photos.map(({ name, content }) => ({
      name,
      photo: { sizeBytes: content.length, sha256: sha256(content) },
    })),
    fileKinds: ["scene.ply"],
  },
});

call.on("data", ({ accepted, event }: Answer) => {
  if (accepted) send();
  if (event?.queued) console.log(`waiting: ${event.queued.position} before it`);
  if (event?.progress) console.log(`${event.progress.stage}: ${event.progress.seconds.toFixed(2)} s`);
  if (event?.file) [file, pieces] = [event.file, []];
  if (event?.chunk) pieces.push(event.chunk.content);
  if (event?.summary) keep(event.summary.gaussians);
});

call.on("error", ({ message, metadata }: ServiceError) => {
  // `grpc-status-details-bin` has the reason and the field, as docs/protocol.md says.
  console.error(message, metadata.get("grpc-status-details-bin").length ? "" : "(no server of ours said so)");
  process.exitCode = 1;
  client.close();
});

call.on("end", () => client.close());

function send(): void {
  photos.forEach(({ content }, imageIndex) => {
    for (let offset = 0; offset < content.length; offset += CHUNK_BYTES) {
      const piece = content.subarray(offset, offset + CHUNK_BYTES);
      call.write({ chunk: { imageIndex, part: "IMAGE_PART_PHOTO", offsetBytes: offset, content: piece } });
    }
  });
  call.end();
}

function keep(gaussians: number): void {
  const content = Buffer.concat(pieces);
  if (!file || content.length !== file.sizeBytes || !sha256(content).equals(file.sha256)) {
    throw new Error(`${file?.name} did not arrive as it was sent`);
  }
  writeFileSync(`${output}.part`, content);
  renameSync(`${output}.part`, output);
  console.log(`${gaussians} Gaussians: ${output}`);
}

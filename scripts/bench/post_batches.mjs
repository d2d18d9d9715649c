// The peer: what people write with postgrest-js when they have rows to load. One batch of 100 rows
// after the other, nothing asked back, which is the library's default.
//
//   node post_batches.mjs ENV_FILE ROWS.json
//
// The rows come as one JSON array of objects, so that no SQL has to be parsed here.
import {readFileSync} from 'node:fs';
import {PostgrestClient} from '@supabase/postgrest-js';

const [envFile, rowsFile] = process.argv.slice(2);
const settings = Object.fromEntries(
    readFileSync(envFile, 'utf8').trim().split('\n').map((line) => {
      const equals = line.indexOf('=');
      return [line.slice(0, equals), line.slice(equals + 1)];
    }));
const key = settings.SUPABASE_SECRET_KEY;
const client = new PostgrestClient(settings.SUPABASE_URL, {
  headers: {apikey: key, Authorization: `Bearer ${key}`},
});

const rows = JSON.parse(readFileSync(rowsFile, 'utf8'));
for (let first = 0; first < rows.length; first += 100) {
  const {error} = await client.from('problems').insert(rows.slice(first, first + 100));
  if (error) {
    console.error(`error: ${error.message}`);
    process.exit(1);
  }
}

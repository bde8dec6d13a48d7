"""PgQueuer's side of the queue bench.

usage: pgqueuer_worker.py fill DATABASE COUNT    installs its tables and enqueues COUNT jobs
       pgqueuer_worker.py work DATABASE          works on them

MUSTER_DATABASE is a libpq connection string of words without spaces. Progress goes to standard output as lines of
"nanoseconds count". Ends when standard input is closed.

The settings are the best of those tried: its tables durable and its own autovacuum settings applied, as its tuning
guide says; asyncpg and uvloop, as its own benchmark has it; statistics not aggregated meanwhile; one queue manager a
process and batches of 1,000. Tried once each, for five seconds: one manager with batches of 100, 500 and 1,000, two
with 500, five with 100. Larger batches and more managers together were not.
"""

import asyncio
import os
import sys
import time
from datetime import timedelta

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

BATCH = 1_000

count = 0


def tell() -> None:
    os.write(1, f"{time.monotonic_ns()} {count}\n".encode())


async def tell_often() -> None:
    while True:
        tell()
        await asyncio.sleep(0.05)


async def connect(database: str) -> asyncpg.Connection:
    words = dict(word.split("=", 1) for word in os.environ["MUSTER_DATABASE"].split())
    return await asyncpg.connect(host=words["host"], user=words["user"], database=database)


async def fill(database: str, jobs: int) -> None:
    global count
    connection = await connect(database)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    await queries.optimize_autovacuum()
    while count < jobs:
        size = min(10_000, jobs - count)
        payloads = [b'{"number":%d}' % number for number in range(count, count + size)]
        await queries.enqueue(["nothing"] * size, payloads, [0] * size)
        count += size
    await connection.close()
    tell()


async def work(database: str) -> None:
    manager = PgQueuer(AsyncpgDriver(await connect(database)))

    @manager.entrypoint("nothing")
    async def nothing(job: object) -> None:
        global count
        count += 1

    telling = asyncio.create_task(tell_often())
    await manager.run(batch_size=BATCH, log_aggregation_interval=timedelta(0))
    telling.cancel()


async def main() -> None:
    verb, database = sys.argv[1:3]
    job = fill(database, int(sys.argv[3])) if verb == "fill" else work(database)
    asyncio.get_running_loop().add_reader(0, os._exit, 0)
    await job
    if verb == "fill":
        # Ended by the reader above, once what was told has been read.
        await asyncio.Event().wait()


uvloop.run(main())

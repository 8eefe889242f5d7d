"""The service under the bench: `python -m eval.bench.service --texts FILE --data FOLDER` takes texts in.

Prints one line of JSON, as eval/bench/peers.py does; the seconds are those of the work itself, without starting up.
"""

import argparse
import json
import time
from contextlib import closing
from pathlib import Path

from qa_service import app
from qa_service.config import read_settings
from qa_service.records import RawFile


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.bench.service", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--texts", type=Path, required=True, help="a JSON list of texts")
    options = parser.parse_args()
    texts = json.loads(options.texts.read_text(encoding="utf-8"))
    settings = read_settings(data_dir=options.data)
    encoder = app.choose_encoder(settings)
    with closing(app.open_service(settings, encoder)) as service:
        begin = time.perf_counter()
        passages = sum(
            service.add(RawFile(f"{number}.txt", text.encode(), {})).passages for number, text in enumerate(texts)
        )
        service.settle()
        seconds = time.perf_counter() - begin
    print(json.dumps({"chunks": passages, "characters": sum(map(len, texts)), "seconds": seconds}))


if __name__ == "__main__":
    main()

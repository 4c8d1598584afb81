"""A server on this machine that answers like AlphaFold DB and the PDB, or badly."""

import contextlib
import gzip
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LETTERS = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ"
OTHER = "GSHMLEDPVDAFQNNKEELLKALAAAGHTIVDLLKQ"
ACCESSION = "P00533"
NAME = "AF-P00533-F1-model_v4"
PAE = "AF-P00533-F1-predicted_aligned_error_v4"

ATOMS = """\
loop_
_atom_site.group_PDB
_atom_site.id
_atom_site.label_atom_id
_atom_site.label_comp_id
_atom_site.label_asym_id
_atom_site.label_entity_id
_atom_site.Cartn_x
_atom_site.pdbx_PDB_model_num
"""


def model(letters=LETTERS, entities=("1",)):
    """An mmCIF file as the databases have them."""
    rows = "".join(
        f"ATOM {k} 'C A' ALA {chain}{entity} {entity} 1.0 1\n"
        for entity in entities
        for chain in "AB"
        for k in range(3)
    )
    poly = "".join(
        f"{entity} 'polypeptide(L)'\n;{letters[:20]}\n{letters[20:]}\n;\n" for entity in entities
    )
    return (
        "data_X\n#\nloop_\n_entity_poly.entity_id\n_entity_poly.type\n"
        f"_entity_poly.pdbx_seq_one_letter_code_can\n{poly}#\n{ATOMS}{rows}#\n"
    ).encode()


def error(count):
    return json.dumps([{"predicted_aligned_error": [[1] * count] * count}]).encode()


def hits(*found):
    """An answer of the PDB's search: (identifier, identity, first and last residue)."""
    return {
        "result_set": [
            {
                "identifier": name,
                "services": [{"nodes": [{"match_context": [{
                    "sequence_identity": identity, "query_beg": begin, "query_end": end}]}]}],
            }
            for name, identity, begin, end in found
        ]
    }  # fmt: skip


class Server:
    """What is asked, and what is answered: bytes, JSON, or a function of the handler."""

    def __init__(self):
        self.asked = []
        self.answers = {}
        self.over = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}"

    def close(self):
        self.over.set()
        self.http.shutdown()
        self.http.server_close()

    def _handler(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self.answer()

            def do_POST(self):
                self.answer(self.rfile.read(int(self.headers["Content-Length"])))

            def answer(self, data=b""):
                server.asked.append((self.path, data))
                found = server.answers.get(self.path.partition("?")[0])
                with contextlib.suppress(OSError):
                    if callable(found):
                        found(self)
                    elif found is None:
                        self.send_error(404)
                    else:
                        self.send(found if isinstance(found, bytes) else json.dumps(found).encode())

            def send(self, body, status=200, **headers):
                self.send_response(status)
                for name, value in {"Content-Length": len(body), **headers}.items():
                    self.send_header(name.replace("_", "-"), str(value))
                self.end_headers()
                self.wfile.write(body)

        return Handler

    def like_the_real_ones(self):
        """AlphaFold DB knows the protein, and the PDB two entries like it."""
        place = f"{self.address}/files/{NAME}.cif"
        entry = {"uniprotAccession": ACCESSION, "sequence": LETTERS, "cifUrl": place,
                 "paeDocUrl": f"{self.address}/files/{PAE}.json"}  # fmt: skip
        isoform = {**entry, "uniprotAccession": f"{ACCESSION}-2", "sequence": OTHER}
        checksum = hashlib.md5(LETTERS.encode(), usedforsecurity=False).hexdigest()
        self.checksum = checksum
        self.answers = {
            f"/api/prediction/{ACCESSION}": [isoform, entry],
            "/api/sequence/summary": {"structures": [{"summary": {"model_url": place}}]},
            f"/files/{NAME}.cif": model(),
            f"/files/{PAE}.json": error(len(LETTERS)),
            "/search": hits(("2DEF_2", 0.5, 1, 30), ("1ABC_1", 0.9, 1, 33), ("AF_X_1", 1.0, 1, 33)),
            "/download/1abc.cif": model(),
            "/download/2def.cif": model(entities=("1", "2")),
        }


def stalls(handler):
    """Says nothing for longer than is waited."""
    time.sleep(3.0)


def trickles(handler):
    """A byte now and then, without an end."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def floods(handler):
    """More than anybody wants."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(2000):
        handler.wfile.write(b"x" * (1 << 20))


def bomb(handler):
    """A little that unpacks to very much."""
    handler.send(gzip.compress(b" " * (300 << 20)), Content_Encoding="gzip")


def breaks_off(handler):
    """Half of what it has announced."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{}")


BAD = {
    "stalls": stalls,
    "trickles": trickles,
    "floods": floods,
    "unpacks to very much": bomb,
    "breaks off": breaks_off,
    "fails": lambda handler: handler.send(b"no", 500),
    "is no JSON": b"<html>maintenance</html>",
    "is other JSON": {"hello": [1, 2]},
    "leads to a file": lambda handler: handler.send(b"", 302, Location="file:///etc/passwd"),
}

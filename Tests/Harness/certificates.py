"""A certificate for a gateway under test, and clients that take it."""

import ssl
import subprocess


def make(folder, days=2):
    """The members of `listen.tls`; the certificate is its own authority."""
    files = {"certificate_file": str(folder / "certificate"), "private_key_file": str(folder / "key")}
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), "-subj", "/CN=localhost",
         "-keyout", files["private_key_file"], "-out", files["certificate_file"]],
        check=True, capture_output=True,
    )
    return files


def client_context():
    """Checks nothing: what is tried is the gateway, not its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context

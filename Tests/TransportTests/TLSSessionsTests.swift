import COpenSSL
import TestSupport
import Testing

@testable import Transport

/// What two contexts agree on, and whether a client comes back with what it was given.
@Suite("TLS: ciphers and sessions")
struct TLSSessionsTests {
    /// What came of one handshake between two contexts, in memory.
    private struct Agreement {
        let cipher: String
        let isResumed: Bool
        /// What the client may come back with, owned: SSL_SESSION_free.
        let session: OpaquePointer?
    }

    /// - Parameter session: what the client comes back with.
    private func shakeHands(
        _ server: TLSServerContext,
        _ client: OpaquePointer,
        resuming session: OpaquePointer? = nil
    ) -> Agreement? {
        let (serving, asking) = (SSL_new(server.context), SSL_new(client))
        var (near, far): (OpaquePointer?, OpaquePointer?)
        guard BIO_new_bio_pair(&near, 0, &far, 0) == 1 else { return nil }
        SSL_set_bio(serving, near, near)
        SSL_set_bio(asking, far, far)
        SSL_set_accept_state(serving)
        SSL_set_connect_state(asking)
        if let session { SSL_set_session(asking, session) }
        defer {
            for side in [asking, serving] {
                // Without close_notify OpenSSL takes the session for one that must not be resumed.
                SSL_shutdown(side)
                SSL_free(side)
            }
        }
        var isDone = false
        for _ in 0..<10 where !isDone {
            let ours = SSL_do_handshake(asking)
            isDone = SSL_do_handshake(serving) == 1 && ours == 1
        }
        var byte: UInt8 = 1
        // In TLS 1.3 tickets come behind the handshake, and are read with data.
        guard isDone, SSL_write(serving, &byte, 1) == 1, SSL_read(asking, &byte, 1) == 1 else { return nil }
        return Agreement(
            cipher: String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(asking))),
            isResumed: SSL_session_reused(asking) == 1,
            session: SSL_get1_session(asking)
        )
    }

    @Test("of what a client offers in TLS 1.2 the server takes what it likes best, whatever the client likes")
    func preference() throws {
        let bench = try TLSBench(.v12)
        for offer in [
            "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256", "DEFAULT",
        ] {
            #expect(SSL_CTX_set_cipher_list(bench.client.context, offer) == 1)
            let agreement = shakeHands(bench.server, bench.client.context)
            #expect(agreement?.cipher == "ECDHE-ECDSA-AES128-GCM-SHA256", "offered \(offer)")
            SSL_SESSION_free(agreement?.session)
        }
    }

    @Test(
        "TLS 1.2 is not spoken with CBC, nor without forward secrecy",
        arguments: ["ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256", "AES256-SHA"]
    )
    func refused(offer: String) throws {
        let bench = try TLSBench(.v12)
        #expect(SSL_CTX_set_cipher_list(bench.client.context, offer) == 1)
        #expect(shakeHands(bench.server, bench.client.context) == nil)
    }

    @Test("a client resumes its session with the ticket that it was given", arguments: TLSVersion.spoken)
    func resumed(version: TLSVersion) throws {
        let bench = try TLSBench(version)
        let first = try #require(shakeHands(bench.server, bench.client.context))
        #expect(!first.isResumed)
        #expect(SSL_SESSION_has_ticket(first.session) == 1)
        let second = try #require(shakeHands(bench.server, bench.client.context, resuming: first.session))
        #expect(second.isResumed)
        #expect(second.cipher == first.cipher)
        for agreement in [first, second] { SSL_SESSION_free(agreement.session) }
    }

    @Test("a handshake brings one ticket, and so does a session that is resumed", arguments: TLSVersion.spoken)
    func oneTicket(version: TLSVersion) throws {
        let bench = try TLSBench(version)
        let client = bench.client.context
        let count = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        count.initialize(to: 0)
        defer { count.deallocate() }
        #expect(SSL_CTX_set_ex_data(client, 0, count) == 1)
        _ = tollgate_SSL_CTX_set_session_cache_mode(client, Int(SSL_SESS_CACHE_CLIENT))
        SSL_CTX_sess_set_new_cb(client) { ssl, _ in
            SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0).assumingMemoryBound(to: Int.self).pointee += 1
            return 0
        }
        let first = try #require(shakeHands(bench.server, client))
        #expect(count.pointee == 1)
        let second = try #require(shakeHands(bench.server, client, resuming: first.session))
        #expect(second.isResumed)
        // TLS 1.2 keeps the ticket that is still good (RFC 5077 §3.3).
        #expect(count.pointee == (version == .v12 ? 1 : 2))
        for agreement in [first, second] { SSL_SESSION_free(agreement.session) }
    }

    @Test("a reload makes other tickets: an old one is a full handshake, not a failure", arguments: TLSVersion.spoken)
    func reloaded(version: TLSVersion) throws {
        let bench = try TLSBench(version)
        let first = try #require(shakeHands(bench.server, bench.client.context))
        let reloaded = try TLSServerContext(
            certificateFile: bench.identity.certificate,
            privateKeyFile: bench.identity.privateKey,
            clientCAFile: nil
        )
        version.force(on: reloaded.context)
        let second = try #require(shakeHands(reloaded, bench.client.context, resuming: first.session))
        #expect(!second.isResumed)
        for agreement in [first, second] { SSL_SESSION_free(agreement.session) }
    }

    @Test(
        "with client_ca_file a session is resumed for the certificate that it began with",
        arguments: TLSVersion.spoken
    )
    func clientCertificate(version: TLSVersion) throws {
        let bench = try TLSBench()
        let server = try TLSServerContext(
            certificateFile: bench.identity.certificate,
            privateKeyFile: bench.identity.privateKey,
            clientCAFile: bench.certificates.authority
        )
        version.force(on: server.context)
        #expect(shakeHands(server, bench.client.context) == nil)
        bench.client.show(try bench.certificates.issue("client"))
        let first = try #require(shakeHands(server, bench.client.context))
        let second = try #require(shakeHands(server, bench.client.context, resuming: first.session))
        #expect(second.isResumed)
        for agreement in [first, second] { SSL_SESSION_free(agreement.session) }
    }
}

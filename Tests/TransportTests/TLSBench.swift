import COpenSSL
import EventLoops
import Glibc
import TestSupport

@testable import Transport

/// The versions that the gateway speaks, and one that it refuses.
enum TLSVersion: CaseIterable {
    case v11, v12, v13

    static let spoken: [TLSVersion] = [.v12, .v13]

    private var number: Int {
        switch self {
        case .v11: Int(TLS1_1_VERSION)
        case .v12: Int(TLS1_2_VERSION)
        case .v13: Int(TLS1_3_VERSION)
        }
    }

    /// Makes a context speak this version alone.
    func force(on context: OpaquePointer) {
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, number, nil)
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, number, nil)
        // OpenSSL 3 lets TLS 1.1 happen only without any demands on security.
        if self == .v11 { SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0") }
    }
}

extension TLSClientContext {
    /// Shows servers a certificate, which the gateway itself never does.
    func show(_ identity: Certificates.Identity) {
        SSL_CTX_use_certificate_chain_file(context, identity.certificate)
        SSL_CTX_use_PrivateKey_file(context, identity.privateKey, SSL_FILETYPE_PEM)
    }
}

/// An authority, a server that it signed for, and contexts of both sides.
struct TLSBench {
    let certificates: Certificates
    let identity: Certificates.Identity
    let server: TLSServerContext
    let client: TLSClientContext

    init(_ version: TLSVersion? = nil, for names: String = "IP:127.0.0.1,DNS:localhost") throws {
        certificates = try Certificates()
        identity = try certificates.issue("server", for: names)
        server = try TLSServerContext(
            certificateFile: identity.certificate,
            privateKeyFile: identity.privateKey,
            clientCAFile: nil
        )
        client = try TLSClientContext(caFile: certificates.authority)
        version?.force(on: server.context)
    }

    func serverSession(_ descriptor: Int32) throws -> TLSSession {
        guard let session = TLSSession(context: server.context, descriptor: descriptor, serverName: nil) else {
            throw TestFailure("no session")
        }
        return session
    }

    func clientSession(_ descriptor: Int32) throws -> TLSSession {
        guard let session = TLSSession(context: client.context, descriptor: descriptor, serverName: "localhost") else {
            throw TestFailure("no session")
        }
        return session
    }

    /// Client and server on two connected sockets; the client's handshake has begun.
    func pair(
        _ loop: EventLoop,
        _ descriptors: (client: Int32, server: Int32)? = nil,
        limits: StreamLimits = StreamLimits()
    ) throws -> (client: (ByteStream, Recorder), server: (ByteStream, Recorder)) {
        let (near, far) = try descriptors ?? Wire.pair()
        let client = Wire.stream(near, loop, limits, tls: try clientSession(near))
        let server = Wire.stream(far, loop, limits, tls: try serverSession(far))
        client.0.startHandshake()
        return (client, server)
    }
}

/// A man in the middle who hands on what comes in small pieces, one a pass, and may damage it. Confined to its loop.
final class Relay {
    let ends: (near: Int32, far: Int32)
    private let loop: EventLoop
    private let piece: Int
    private let near: ByteStream
    private let far: ByteStream
    private var towardsFar: [UInt8] = []
    private var towardsNear: [UInt8] = []
    private var handedOn = 0
    /// Which byte of those towards the far end is changed.
    var damaged: Int?

    init(loop: EventLoop, piece: Int) throws {
        let (outerNear, innerNear) = try Wire.pair()
        let (outerFar, innerFar) = try Wire.pair()
        let (nearStream, nearRecorder) = Wire.stream(innerNear, loop)
        let (farStream, farRecorder) = Wire.stream(innerFar, loop)
        ends = (outerNear, outerFar)
        (near, far) = (nearStream, farStream)
        self.loop = loop
        self.piece = piece
        nearRecorder.consumes = false
        farRecorder.consumes = false
        nearRecorder.onReceive = { [self] stream in
            let wasEmpty = towardsFar.isEmpty
            towardsFar += Relay.take(stream)
            if wasEmpty { handOn(\.towardsFar, far) }
        }
        farRecorder.onReceive = { [self] stream in
            let wasEmpty = towardsNear.isEmpty
            towardsNear += Relay.take(stream)
            if wasEmpty { handOn(\.towardsNear, near) }
        }
    }

    private static func take(_ stream: ByteStream) -> [UInt8] {
        let bytes = stream.input.withBytes { span in span.withUnsafeBytes { Array($0) } }
        stream.input.consume(bytes.count)
        return bytes
    }

    private func handOn(_ queue: ReferenceWritableKeyPath<Relay, [UInt8]>, _ stream: ByteStream) {
        var bytes = Array(self[keyPath: queue].prefix(piece))
        if queue == \.towardsFar {
            if let damaged, (handedOn..<(handedOn + bytes.count)).contains(damaged) {
                bytes[damaged - handedOn] ^= 0x55
            }
            handedOn += bytes.count
        }
        stream.send(bytes)
        self[keyPath: queue].removeFirst(bytes.count)
        loop.later { [self] in
            if !self[keyPath: queue].isEmpty { handOn(queue, stream) }
        }
    }

    /// Damages the next byte that goes to the far end.
    func damageNext() { damaged = handedOn + towardsFar.count }

    func abort() {
        near.abort()
        far.abort()
    }
}

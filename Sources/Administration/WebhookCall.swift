import Alerting
import Calling
import EventLoops
import HTTPMessages
import Transport
import Vocabulary

/// One attempt to post an alert. Blocks, up to the limits together; for a thread of its own.
struct WebhookCall: Sendable {
    /// What the receiver said, or why it said nothing.
    enum Result: Sendable, Equatable {
        case answered(status: Int, content: [UInt8])
        /// Without secrets.
        case failed(String)

        /// RFC 9110 §15.3. A redirection is not followed: the address in the configuration is the receiver's.
        var isDelivered: Bool {
            if case .answered(let status, _) = self { (200..<300).contains(status) } else { false }
        }

        /// For people and logs, one line.
        var detail: String {
            switch self {
            case .answered(let status, _): "HTTP \(status)"
            case .failed(let reason): String(reason.prefix(200))
            }
        }
    }

    let receiver: AlertSettings.Receiver
    let secret: [UInt8]
    let body: [UInt8]

    private static let limits: CallLimits = {
        var limits = CallLimits()
        limits.answerTimeout = .seconds(10)
        limits.answerBytesMax = 64 * 1_024
        return limits
    }()

    func run(at now: Timestamp) -> Result {
        do throws(Failure) {
            let addresses = try resolve()
            let exchange = CallExchange(
                message(at: now),
                method: .post,
                limits: Self.limits,
                loop: try loop(),
                keepsConnection: false
            )
            switch exchange.run(addresses, serverName: receiver.host, tls: try tls()) {
            case .success(let answer): return .answered(status: answer.status, content: answer.content)
            case .failure(.unconnected(let reason)): return .failed(reason)
            case .failure(.insecure(let reason)): return .failed("TLS: \(reason)")
            case .failure(.lost(let reason)): return .failed("no answer: \(reason)")
            case .failure(.broken(let reason)): return .failed("the answer is no HTTP: \(reason)")
            }
        } catch {
            return .failed(error.reason)
        }
    }

    private struct Failure: Error {
        let reason: String
    }

    private func loop() throws(Failure) -> EventLoop {
        do throws(EventLoop.Fault) { return try EventLoop() } catch { throw Failure(reason: error.description) }
    }

    private func resolve() throws(Failure) -> [SocketAddress] {
        if let literal = SocketAddress(literal: receiver.host, port: receiver.port) { return [literal] }
        switch NameResolver.resolveNow(host: receiver.host, port: receiver.port) {
        case .success(let addresses): return addresses
        case .failure(let fault): throw Failure(reason: fault.description)
        }
    }

    private func tls() throws(Failure) -> TLSClientContext? {
        guard receiver.isTLS else { return nil }
        do throws(TLSConfigurationFault) {
            return try TLSClientContext(caFile: nil)
        } catch {
            throw Failure(reason: error.description)
        }
    }

    private func message(at now: Timestamp) -> [UInt8] {
        var head = HeadWriter(capacity: 512)
        head.requestLine("POST", receiver.target.utf8)
        head.field("host", receiver.authority)
        head.field("user-agent", "tollgate")
        head.field("content-type", "application/json")
        head.field("accept-encoding", "identity")
        head.field("tollgate-signature", AlertSignature.value(of: body, secret: secret, at: now))
        head.field("connection", "close")
        head.field("content-length", decimal: Int64(body.count))
        head.endSection()
        return head.bytes + body
    }
}

import Foundation
import Glibc
import Vocabulary

/// A request as an origin received it. Its reader is simple, and shares nothing with the one under test.
public struct OriginRequest: Sendable {
    public var line: String
    public var fields: [(name: String, value: String)]
    public var body: [UInt8] = []

    public var method: String { String(line.split(separator: " ").first ?? "") }
    public var target: String { String(line.split(separator: " ").dropFirst().first ?? "") }

    public func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    public subscript(name: String) -> String? { values(name).first }
}

/// An origin behind the gateway that records every request, and how many bytes came that were none.
///
/// Guarded: connections are served on threads of their own, and the test reads the record.
public final class RecordingOrigin: Sendable {
    private struct Record {
        var requests: [OriginRequest] = []
        var malformed: [String] = []
        var ends = 0
    }

    public let port: UInt16
    private let listener: LoopbackListener
    private let record = RecordBox()

    private final class RecordBox: Sendable {
        let value = Guarded(Record())
    }

    /// - Parameter answer: answers one request, or does what it likes with the connection; false ends the connection.
    ///   With `readsBody` false the request has no body yet.
    public init(
        readsBody: Bool = true,
        _ answer: @escaping @Sendable (OriginRequest, RawConnection) throws -> Bool
    ) throws {
        listener = try LoopbackListener(backlog: 128)
        port = listener.port
        let descriptor = listener.descriptor
        let thread = Thread { [record] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                let serving = Thread {
                    Self.serve(RawConnection(owning: connection), readsBody, record, answer)
                }
                serving.start()
            }
        }
        thread.start()
    }

    deinit {
        // accept(2) fails from then on, which ends its thread.
        shutdown(listener.descriptor, Int32(SHUT_RDWR))
        close(listener.descriptor)
    }

    public var url: String { "http://127.0.0.1:\(port)" }

    public var requests: [OriginRequest] { record.value.withLock { $0.requests } }

    /// What came and was no request.
    public var malformed: [String] { record.value.withLock { $0.malformed } }

    /// The number of connections that have ended.
    public var ends: Int { record.value.withLock { $0.ends } }

    /// Whether something about the record becomes true in time.
    public func wait(until isSo: (RecordingOrigin) -> Bool) -> Bool {
        let deadline = Deadline.generous
        while !isSo(self) {
            if deadline.hasPassed { return false }
            usleep(1_000)
        }
        return true
    }

    private static func serve(
        _ connection: RawConnection,
        _ readsBody: Bool,
        _ record: RecordBox,
        _ answer: (OriginRequest, RawConnection) throws -> Bool
    ) {
        defer { record.value.withLock { $0.ends += 1 } }
        do {
            while var request = try head(connection, record) {
                if readsBody { request.body = try body(of: request, connection) }
                record.value.withLock { $0.requests.append(request) }
                guard try answer(request, connection) else { return }
            }
        } catch {
            record.value.withLock { $0.malformed.append("\(error)") }
        }
    }

    private static func head(_ connection: RawConnection, _ record: RecordBox) throws -> OriginRequest? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let index = connection.received.firstIndex(ofSequence: end) {
                let lines = String(decoding: connection.take(index + 4), as: UTF8.self).components(separatedBy: "\r\n")
                guard lines[0].wholeMatch(of: /[A-Z]+ \/\S* HTTP\/1\.1/) != nil else {
                    throw TestFailure("no request line: \(lines[0])")
                }
                let fields = lines.dropFirst().dropLast(2).map { line in
                    let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                    return (String(parts[0]), parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
                }
                return OriginRequest(line: lines[0], fields: fields)
            }
            guard connection.end == nil, connection.receiveMore() else {
                if !connection.received.isEmpty { throw TestFailure("an incomplete head") }
                return nil
            }
        }
    }

    /// The content that the head announces.
    public static func body(of request: OriginRequest, _ connection: RawConnection) throws -> [UInt8] {
        if let length = request["content-length"].flatMap({ Int($0) }) { return try connection.take(exactly: length) }
        guard request["transfer-encoding"] == "chunked" else { return [] }
        var body: [UInt8] = []
        while true {
            let line = String(decoding: try connection.takeLine(), as: UTF8.self)
            guard let size = Int(line, radix: 16) else { throw TestFailure("no chunk size: \(line)") }
            body += try connection.take(exactly: size)
            guard try connection.takeLine().isEmpty else { throw TestFailure("no end of a chunk") }
            if size == 0 { return body }
        }
    }
}

extension RawConnection {
    /// Takes this many bytes, for which it waits.
    public func take(exactly count: Int) throws -> [UInt8] {
        while received.count < count {
            guard end == nil, receiveMore() else { throw TestFailure("the connection ended within a body") }
        }
        return take(count)
    }

    /// Takes what comes before the next CRLF, and the CRLF.
    public func takeLine() throws -> [UInt8] {
        while true {
            if let index = received.firstIndex(ofSequence: [0x0D, 0x0A]) { return take(index + 2).dropLast(2) }
            guard end == nil, receiveMore() else { throw TestFailure("the connection ended within a line") }
        }
    }
}

extension Array where Element == UInt8 {
    fileprivate func firstIndex(ofSequence part: [UInt8]) -> Int? {
        guard count >= part.count else { return nil }
        return (0...(count - part.count)).first { start in
            self[start] == part[0] && self[start..<start + part.count].elementsEqual(part)
        }
    }
}

import Foundation
import Glibc

/// A running `tollgate serve` in front of a running `vendor-sim`, with their own folder.
///
/// Immutable except for the process, which `restart` replaces; use it from one test at a time.
public final class Gateway: @unchecked Sendable {
    /// Team keys in the base configuration. The keys of team A and team B are valid.
    public static let keyA = "team-a-secret-0123456789"
    public static let keyB = "team-b-secret-0123456789"
    public static let expiredKey = "team-a-expired-0123456789"
    /// Tokens of the admin side, one for each role.
    public static let viewerToken = "viewer-token-0123456789"
    public static let operatorToken = "operator-token-0123456789"
    public static let adminToken = "admin-token-0123456789"

    public let folder: TemporaryFolder
    public let vendor: VendorSim
    public private(set) var process: ServerProcess
    public private(set) var port: UInt16
    /// Where the admin side listens.
    public private(set) var adminPort: UInt16
    private var environment: [String: String]
    private let openFilesMax: Int?
    private let dataBytesMax: Int?
    private let sockets: [HandedSocket]

    public var configurationPath: String { folder.file("config.json") }
    public private(set) var scheme: String
    public var url: String { "\(scheme)://127.0.0.1:\(port)" }

    /// The base configuration; tests merge their own members over it.
    public static func baseConfiguration(vendorURL: String, folder: TemporaryFolder) -> JSON {
        [
            "listen": ["address": "127.0.0.1:0", "workers": 2],
            "admin": [
                "address": "127.0.0.1:0",
                "tokens": [
                    ["name": "looker", "role": "viewer", "secret": ["value": .string(viewerToken)]],
                    ["name": "hand", "role": "operator", "secret": ["value": .string(operatorToken)]],
                    ["name": "boss", "role": "admin", "secret": ["value": .string(adminToken)]],
                ],
            ],
            "upstream": [
                "base_url": .string(vendorURL),
                "keys": [["id": "primary", "account": "default", "secret": ["value": .string(VendorSim.key)]]],
            ],
            "store": ["url": .string(StoreUnderTest.url(in: folder))],
            "teams": [
                [
                    "id": "team-a", "name": "Team A", "account": "default",
                    "keys": [
                        ["id": "a-key", "secret": ["value": .string(keyA)]],
                        [
                            "id": "a-old-key", "secret": ["value": .string(expiredKey)],
                            "not_after": "2020-01-01T00:00:00Z",
                        ],
                    ],
                ],
                [
                    "id": "team-b", "name": "Team B", "account": "default",
                    "keys": [["id": "b-key", "secret": ["value": .string(keyB)]]],
                ],
            ],
        ]
    }

    /// Starts both. `configuration` is merged over the base one; `vendor` may already be running.
    public init(
        _ configuration: JSON = [:],
        vendor: VendorSim? = nil,
        environment: [String: String] = [:],
        openFilesMax: Int? = nil,
        dataBytesMax: Int? = nil,
        handing sockets: [HandedSocket] = []
    ) throws {
        self.folder = try TemporaryFolder()
        self.sockets = sockets
        self.vendor = try vendor ?? VendorSim()
        self.openFilesMax = openFilesMax
        self.dataBytesMax = dataBytesMax
        self.environment = environment
        let base = Self.baseConfiguration(vendorURL: self.vendor.url, folder: folder)
        try folder.write(base.overlaid(with: configuration).text, to: "config.json")
        (process, scheme, port, adminPort) = try Self.start(folder, environment, openFilesMax, dataBytesMax, sockets)
    }

    private static func start(
        _ folder: TemporaryFolder,
        _ environment: [String: String],
        _ openFilesMax: Int?,
        _ dataBytesMax: Int?,
        _ sockets: [HandedSocket]
    ) throws -> (ServerProcess, String, UInt16, UInt16) {
        let process = try ServerProcess.program(
            "tollgate",
            ["serve", "--config", folder.file("config.json")],
            environment: environment,
            openFilesMax: openFilesMax,
            dataBytesMax: dataBytesMax,
            handing: sockets
        )
        let announced = try process.announcement(after: "tollgate listening on ")
        let addresses = announced.split(separator: " with admin on ").compactMap { listeningAddress(String($0)) }
        guard addresses.count == 2 else { throw TestFailure("not two addresses in: \(announced)") }
        return (process, addresses[0].scheme, addresses[0].port, addresses[1].port)
    }

    /// Rewrites the configuration file: the base one with `configuration` merged over it. `reload` applies it.
    public func rewriteConfiguration(_ configuration: JSON) throws {
        let base = Self.baseConfiguration(vendorURL: vendor.url, folder: folder)
        try folder.write(base.overlaid(with: configuration).text, to: "config.json")
    }

    /// Sends SIGHUP and waits until the process log has a new line that contains all of `words`.
    public func reload(expecting words: String...) throws {
        func count(_ lines: [String]) -> Int { lines.count { line in words.allSatisfy(line.contains) } }
        let before = count(process.stderr.lines)
        process.signal(SIGHUP)
        guard process.stderr.wait(until: { count($0) > before }) else {
            throw TestFailure("no line with \(words) in the process log: \(process.stderr.text)")
        }
    }

    /// Ends the process with SIGKILL and starts another on the same folder and, with port 0, another port.
    public func killAndRestart() throws {
        try process.kill()
        try restart()
    }

    /// Starts another process on the same folder after the last one has ended.
    ///
    /// - Parameter environment: nil for that of the previous process.
    public func restart(environment: [String: String]? = nil) throws {
        if let environment { self.environment = environment }
        (process, scheme, port, adminPort) = try Self.start(
            folder,
            self.environment,
            openFilesMax,
            dataBytesMax,
            sockets
        )
    }

    public func connect(receiveBuffer: Int32? = nil) throws -> RawConnection {
        try RawConnection(port: port, receiveBuffer: receiveBuffer)
    }

    /// Sends one request on its own connection and returns the reply.
    public func send(_ request: TestRequest) throws -> TestResponse {
        let connection = try connect()
        try connection.send(request.bytes)
        return try connection.response(toHEAD: request.method == "HEAD")
    }

    public func classify(
        _ body: String,
        key: String = keyA,
        _ fields: [(name: String, value: String)] = []
    ) throws -> TestResponse {
        try send(.classify(body, key: key, fields: fields))
    }

    /// Sends one request to the admin side.
    ///
    /// - Parameters:
    ///   - path: what follows `/admin/v1`.
    ///   - token: nil for none.
    public func admin(
        _ method: String,
        _ path: String,
        _ body: JSON? = nil,
        token: String? = adminToken,
        fields: [(name: String, value: String)] = []
    ) throws -> TestResponse {
        let connection = try RawConnection(port: adminPort)
        let authorization = token.map { [("Authorization", "Bearer \($0)")] } ?? []
        let content = body.map { [UInt8]($0.text.utf8) } ?? []
        let request = TestRequest(method, "/admin/v1" + path, fields: authorization + fields, body: content)
        try connection.send(request.bytes)
        return try connection.response(toHEAD: method == "HEAD")
    }

    /// The access log lines so far, once there are at least `count`.
    public func accessLog(atLeast count: Int) throws -> [JSON] {
        func entries(_ lines: [String]) -> [String] { lines.filter { !$0.hasPrefix("tollgate listening on ") } }
        guard process.stdout.wait(until: { entries($0).count >= count }) else {
            throw TestFailure("fewer than \(count) access log lines: \(process.stdout.text)")
        }
        return try entries(process.stdout.lines).map { try JSON.parse($0.utf8) }
    }

    /// The memory that the process has in use, in KiB.
    public func residentKilobytes() throws -> Int { try kilobytes("VmRSS:") }

    /// What of it is of no file, in KiB: code that is used for the first time does not count.
    public func anonymousKilobytes() throws -> Int { try kilobytes("RssAnon:") }

    /// The most that it ever had in use.
    public func highestResidentKilobytes() throws -> Int { try kilobytes("VmHWM:") }

    private func kilobytes(_ name: String) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
            let count = Int(line.split(separator: " ")[1].trimmingCharacters(in: .whitespaces))
        else { throw TestFailure("no \(name) of the gateway") }
        return count
    }

    /// Checks what must hold for every gateway at the end of a test: nil, or what is wrong.
    ///
    /// A sanitizer's report or a secret in any output fails the test that was running.
    public var complaint: String? {
        let output = process.stdout.text + process.stderr.text
        if output.contains("Sanitizer") { return "sanitizer report: \(process.stderr.text)" }
        let tokens = [Self.viewerToken, Self.operatorToken, Self.adminToken]
        let secrets = [VendorSim.key, Self.keyA, Self.keyB, Self.expiredKey] + tokens
        if let secret = secrets.first(where: output.contains) { return "the output has the secret \(secret)" }
        if let piece = SampleRequests.confidentialPieces.first(where: output.contains) {
            return "the output has document content: \(piece)"
        }
        return nil
    }

    /// Stops with SIGTERM; nil, or what was wrong at the end or before it.
    public func stop() throws -> String? {
        let end = try process.terminate()
        return complaint ?? (end == .exit(0) ? nil : "ended with \(end): \(process.stderr.text)")
    }
}

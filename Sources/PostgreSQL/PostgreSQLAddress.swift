/// Where a database is and how one connects to it: what a URL of libpq says, with defaults of our own. Immutable.
///
/// What neither says libpq takes from its environment variables and from `~/.pgpass`, as `psql` does. What would come
/// from a service file is refused, since one could not see from the URL where the data goes.
public struct PostgreSQLAddress: Sendable {
    /// What is wrong with a URL, as a clause that goes on after its name: "has no host". It holds nothing of a
    /// password.
    public struct Fault: Error, Equatable, Sendable, CustomStringConvertible {
        public let description: String

        init(_ description: String) { self.description = description }
    }

    /// The longest URL, in bytes.
    public static let bytesMax = 8_192
    public static let hostsMax = 16

    /// What libpq is told of every server, by its names. It has the password: not to be shown.
    let options: [String: String]
    let hosts: [PostgreSQLHost]
    /// The longest wait for one IP address or socket of a server.
    let hostTimeout: Duration?

    private static let defaults: [String: String] = [
        "application_name": "tollgate",
        "client_encoding": "UTF8",
        "connect_timeout": "5",
        // Kerberos is asked only where the URL asks for it.
        "gssencmode": "disable",
        // A server that vanished is noticed while an answer is awaited, after 5 + 3 · 2 s.
        "keepalives": "1",
        "keepalives_idle": "5",
        "keepalives_interval": "2",
        "keepalives_count": "3",
        "sslmode": "prefer",
        "target_session_attrs": "read-write",
        // Milliseconds: the same while something is sent.
        "tcp_user_timeout": "10000",
    ]

    /// - Parameters:
    ///   - url: as libpq has it, "Connection URIs": `postgresql://user@host:5432,second:5432/database?sslmode=require`.
    ///   - password: from elsewhere; the URL must have none then.
    public init(url: String, password: String? = nil) throws(Fault) {
        guard url.utf8.count <= Self.bytesMax else { throw Fault("is longer than \(Self.bytesMax) bytes") }
        guard url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") else {
            throw Fault("does not begin with postgresql://")
        }
        try Self.checkDivision(url)
        var options = try LibpqOptions.parse(url)
        if let password {
            guard options["password"] == nil else { throw Fault("has a password, and another one is given beside it") }
            guard !password.utf8.contains(0) else { throw Fault("is given a password with the character NUL") }
            options["password"] = password
        }
        try Self.check(options)
        hosts = try PostgreSQLHost.list(
            names: options.removeValue(forKey: "host"),
            addresses: options.removeValue(forKey: "hostaddr"),
            ports: options.removeValue(forKey: "port")
        )
        options.merge(Self.defaults) { said, _ in said }
        // libpq heeds it only where it waits by itself.
        let timeout = options.removeValue(forKey: "connect_timeout").flatMap { Int32($0) } ?? 0
        hostTimeout = timeout > 0 ? .seconds(timeout) : nil
        self.options = options
    }

    // MARK: Rules

    /// A password in which `/` was not encoded ends before it, and its rest would be shown as the name of the database.
    private static func checkDivision(_ url: String) throws(Fault) {
        let path = url.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" }.prefix { $0 != "?" }
        guard !path.contains("@") else {
            throw Fault("has the character @ behind the host; in a password / is written %2F, and @ is written %40")
        }
    }

    private static let securityModes: Set = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
    private static let numbers = [
        "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
        "tcp_user_timeout",
    ]

    /// What libpq would say only when it connects, and what the gateway cannot work with.
    private static func check(_ options: [String: String]) throws(Fault) {
        for (name, value) in options where name != "password" && name != "sslpassword" {
            let hasControl = value.unicodeScalars.contains { $0.properties.generalCategory == .control }
            guard !hasControl else { throw Fault("has a control character in \(name)") }
        }
        for name in ["service", "replication"] where options[name] != nil {
            throw Fault("has \(name), which is not supported")
        }
        if let mode = options["sslmode"], !securityModes.contains(mode) {
            throw Fault("has an sslmode that is none of \(securityModes.sorted().joined(separator: ", "))")
        }
        for name in numbers {
            guard let value = options[name] else { continue }
            guard Int32(value) != nil else { throw Fault("has a \(name) that is not a whole number") }
        }
        if let encoding = options["client_encoding"], !["UTF8", "UTF-8"].contains(encoding.uppercased()) {
            throw Fault("has a client_encoding that is not UTF8")
        }
        if let attributes = options["target_session_attrs"], !["any", "read-write", "primary"].contains(attributes) {
            throw Fault("has target_session_attrs that are none of any, read-write, primary: the store is written to")
        }
    }

    // MARK: What operators are told

    /// Whether all that is sent stays on this machine.
    public var isLoopbackOrSocket: Bool { hosts.allSatisfy(\.isLocal) }

    /// Whether there is no connection without TLS. The certificate is checked only where `verifiesServer` is true as
    /// well.
    public var requiresTLS: Bool { ["require", "verify-ca", "verify-full"].contains(options["sslmode"]) }

    /// Whether the server must prove by its certificate that it is the one that the URL names.
    public var verifiesServer: Bool { options["sslmode"] == "verify-full" }

    public var user: String? { options["user"] }
    public var database: String? { options["dbname"] }
}

extension PostgreSQLAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Hosts, ports, database and user.
    public var description: String {
        let place = hosts.map(\.description).joined(separator: ", ")
        let database = database.map { "database \($0) at " } ?? ""
        let user = user.map { " as \($0)" } ?? ""
        return database + place + user
    }

    public var debugDescription: String { description }

    /// Without the password.
    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

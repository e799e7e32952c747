import Budgeting
import JSON
import Registry
import Testing
import Vocabulary

@testable import Configuration

@Suite("Members of a configuration")
struct ConfigurationReaderTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    // MARK: Values

    @Test("the sample with every member is in order and says the defaults")
    func contractSample() throws {
        let sample = try bench.configuration(Samples.contract)
        #expect(sample.warnings.isEmpty)
        let least = try bench.configuration(Samples.least)
        let folder = bench.folder.path
        #expect(sample.listen.tls?.certificate.file == folder + "/server.pem")
        #expect(sample.listen.tls?.privateKey.file == folder + "/server.key")
        #expect(sample.listen.tls?.clientAuthorities?.file == folder + "/clients.pem")
        #expect(sample.upstream.authorities?.file == folder + "/ca.pem")
        #expect(sample.teams.first?.record.id.rawValue == "accounts-payable")
        #expect(sample.teams.first?.record.name == "Accounts Payable")
        #expect(sample.teams.first?.keys.first?.notAfter == Timestamp(rfc3339: "2027-01-01T00:00:00Z"))
        #expect(sample.teams.first?.record.limits.requestsPerSecondMillionths == 50_000_000)
        #expect(sample.teams.first?.record.budgets.last?.alertAtMillionths == [800_000, 1_000_000])
        #expect(sample.budgets.organization.first?.limit == MicroCredits(micros: 100_000_000_000))
        // What has a default has it in the sample.
        var listen = sample.listen
        listen.tls = nil
        #expect(listen == least.listen)
        #expect(sample.admin.address == least.admin.address)
        var upstream = sample.upstream
        (upstream.authorities, upstream.keys) = (nil, least.upstream.keys)
        #expect(upstream == least.upstream)
        #expect(sample.passthrough == least.passthrough)
        #expect(sample.cache == least.cache)
        var store = sample.store
        store.password = nil
        #expect(store == least.store)
        #expect(sample.budgets.timeZone == least.budgets.timeZone)
        #expect(sample.budgets.exceededStatus == least.budgets.exceededStatus)
        #expect(sample.log == least.log)
        #expect(least.teams.isEmpty && least.budgets.organization.isEmpty && least.admin.tokens.isEmpty)
        #expect(least.alerts == nil)
    }

    @Test("the least configuration has the defaults")
    func defaults() throws {
        let least = try bench.configuration(Samples.least)
        #expect(least.listen.address == ListenAddress(host: "127.0.0.1", port: 8080))
        #expect(least.listen.workers == 0)
        #expect(least.listen.tls == nil)
        #expect(least.listen.headerBytesMax == 16_384)
        #expect(least.listen.bodyBytesMax == 1_048_576)
        #expect(least.listen.connectionsMax == 20_000)
        #expect(least.listen.headerTimeout == .seconds(10))
        #expect(least.listen.bodyTimeout == .seconds(30))
        #expect(least.listen.idleTimeout == .seconds(75))
        #expect(least.listen.drainTimeout == .seconds(30))
        #expect(least.listen.drainDelay == .zero)
        #expect(least.admin.address == ListenAddress(host: "127.0.0.1", port: 9090))
        #expect(least.admin.hosts == [] && least.admin.tls == nil)
        #expect(least.upstream.authorities == nil)
        #expect(least.upstream.connectTimeout == .seconds(5))
        #expect(least.upstream.responseTimeout == .seconds(120))
        #expect(least.upstream.idleTimeout == .seconds(20))
        #expect(least.upstream.responseBytesMax == 8_388_608)
        #expect(least.upstream.concurrencyMax == 64)
        #expect(least.upstream.queueMax == 1_000)
        #expect(least.upstream.queueTimeout == .seconds(30))
        let one = MicroCredits(micros: 1_000_000)
        #expect(least.upstream.creditsPerPage == ["gpt-4o-mini": one, "gpt-4o": one])
        #expect(least.upstream.assumedPages == 10)
        #expect(least.upstream.breakerFailures == 5)
        #expect(least.upstream.breakerWindow == .seconds(10))
        #expect(least.upstream.breakerOpenFor == .seconds(5))
        #expect(least.passthrough.isEnabled)
        #expect(least.passthrough.prefixes == ["/v1/", "/files"])
        #expect(least.passthrough.bodyBytesMax == 104_857_600)
        #expect(least.passthrough.spending.map(\.method) == ["GET", "POST"])
        let paths = ["/v1/documents/{id}/run_parser", "/v1/classifiers/{id}/classify"]
        #expect(least.passthrough.spending.map(\.path) == paths)
        #expect(least.cache.ttl == .seconds(2_592_000))
        #expect(least.cache.memoryBytesMax == 268_435_456)
        #expect(least.cache.scope == .organization)
        #expect(least.cache.schemaOrder == .insignificant)
        #expect(least.cache.staleIfError == .zero)
        #expect(least.cache.negativeTTL == .zero)
        #expect(least.cache.classifierTTL == .zero)
        #expect(least.cache.hitCreditsUsed == .original)
        #expect(least.store.url == "sqlite:tollgate.db")
        #expect(least.store.password == nil && least.store.migrates)
        #expect(least.store.staleFor == .seconds(60) && least.store.ledgerRetention == nil)
        #expect(least.budgets.timeZone == "UTC")
        #expect(least.budgets.exceededStatus == 402)
        #expect(least.log.level == .info)
        #expect(least.log.format == .json)
        #expect(least.log.access)
        #expect(least.warnings.isEmpty)
    }

    @Test("the members of keys, teams and budgets have their defaults too")
    func defaultsOfEntries() throws {
        let text = """
            {"upstream": {"base_url": "https://h", "keys": [{"id": "k", "secret": {"env": "DOCUMENTPRO_API_KEY"}}]},
             "admin": {"tokens": [{"name": "n", "secret": {"env": "TOLLGATE_ADMIN_TOKEN"}}]},
             "teams": [{"id": "t", "budgets": [{"window": "day", "credits": 1}]}]}
            """
        let configuration = try bench.configuration(text)
        let key = try #require(configuration.upstream.keys.first)
        #expect(key.account == "default" && key.terms == UpstreamKeyTerms())
        #expect(configuration.admin.tokens.first?.role == .viewer)
        let team = try #require(configuration.teams.first)
        let account = AccountID(rawValue: "default")
        var expected = TeamRecord(id: TeamID(rawValue: "t"), name: "t", account: account)
        expected.budgets = [Budget(window: .day, limit: MicroCredits(micros: 1_000_000), isEnforced: true)]
        #expect(team.record == expected && team.keys.isEmpty)
    }

    @Test(
        "an admin address that others can reach is warned of if there is no TLS",
        arguments: [
            ("127.0.0.1:1", false), ("[::1]:1", false), ("localhost:1", false), ("0.0.0.0:1", true), ("[::]:1", true),
            ("10.0.0.7:1", true), ("gateway.example.com:1", true),
        ]
    )
    func adminAddress(_ address: String, _ isWarnedOf: Bool) throws {
        let secured = try ConfigurationText(Samples.contract).replacing("admin.address", by: "\"\(address)\"")
        func isWarned(_ text: ConfigurationText) throws -> Bool {
            let warnings = try bench.configuration(text.text).warnings
            let warning = "admin.address: is no loopback address, and there is no admin.tls"
            return warnings.contains { $0.hasPrefix(warning) }
        }
        #expect(try isWarned(secured.replacing("admin.tls", by: nil)) == isWarnedOf)
        #expect(try !isWarned(secured))
    }

    @Test("every member arrives where it belongs")
    func arrival() throws {
        let read = try bench.configuration(Samples.unusual)
        #expect(read.listen.address == ListenAddress(host: "::1", port: 0))
        #expect(read.listen.workers == 3)
        #expect(read.listen.headerBytesMax == 17 << 10 && read.listen.bodyBytesMax == 2 << 20)
        #expect(read.listen.connectionsMax == 20_001)
        #expect(read.listen.headerTimeout == .seconds(11) && read.listen.bodyTimeout == .seconds(31))
        #expect(read.listen.idleTimeout == .seconds(76) && read.listen.drainTimeout == .zero)
        #expect(read.listen.drainDelay == .seconds(4))
        #expect(read.admin.address == ListenAddress(host: "localhost", port: 9091))
        #expect(read.admin.hosts == ["tollgate.example.com:9443", "[::1]"])
        #expect(read.admin.tls?.certificate.file == bench.folder.file("server.pem"))
        #expect(read.admin.tokens.map(\.name) == ["look", "ops"])
        #expect(read.admin.tokens.map(\.role) == [.viewer, .operator])
        #expect(
            read.admin.tokens.map(\.secret.bytes) == [Array("token-for-looking".utf8), Array(Secrets.adminToken.utf8)]
        )
        let upstream = read.upstream
        #expect(upstream.baseURL == (try BaseURL(parsing: "http://127.0.0.1:8081/api")))
        #expect(upstream.keys.map(\.id) == ["first", "second"])
        #expect(upstream.keys.map(\.account) == ["berlin", "zurich"])
        #expect(upstream.keys.map(\.terms.weight) == [7, 1])
        #expect(upstream.keys[0].secret.bytes == Array(Secrets.upstreamKey.utf8))
        #expect(upstream.keys[0].terms.notBefore == Timestamp(rfc3339: "2026-02-03T04:05:06Z"))
        #expect(upstream.keys[0].terms.notAfter == Timestamp(rfc3339: "2026-02-03T04:05:07Z"))
        #expect(upstream.keys[0].terms.monthlyCredits == MicroCredits(micros: 1))
        #expect(upstream.connectTimeout == .milliseconds(250) && upstream.responseTimeout == .seconds(120))
        #expect(upstream.idleTimeout == .seconds(21) && upstream.responseBytesMax == 9 << 20)
        #expect(upstream.concurrencyMax == 65 && upstream.queueMax == 0 && upstream.queueTimeout == .seconds(3_600))
        // A model that the file does not name keeps its price.
        #expect(
            upstream.creditsPerPage.mapValues(\.micros) == ["gpt-4o-mini": 1_000_000, "gpt-4o": 2_500_000, "other": 0]
        )
        #expect(upstream.assumedPages == 11 && upstream.breakerFailures == 6)
        #expect(upstream.breakerWindow == .seconds(12) && upstream.breakerOpenFor == .seconds(7))
        #expect(!read.passthrough.isEnabled && read.passthrough.prefixes == ["/v2/"])
        #expect(read.passthrough.bodyBytesMax == 1 << 30)
        #expect(read.passthrough.spending == [GatewayConfiguration.SpendingRoute(method: "PUT", path: "/v2/x")])
        #expect(read.cache.ttl == .seconds(86_400) && read.cache.memoryBytesMax == 65_536)
        #expect(read.cache.scope == .team && read.cache.schemaOrder == .significant)
        #expect(read.cache.staleIfError == .seconds(60) && read.cache.negativeTTL == .seconds(2))
        #expect(read.cache.classifierTTL == .seconds(3) && read.cache.hitCreditsUsed == .zero)
        #expect(read.store.url == "sqlite:/var/lib/other.db")
        #expect(read.store.password?.bytes == Array(Secrets.storePassword.utf8) && !read.store.migrates)
        #expect(read.store.staleFor == .seconds(61) && read.store.ledgerRetention == .seconds(90 * 86_400))
        #expect(read.budgets.timeZone == "Europe/Zurich" && read.budgets.exceededStatus == 429)
        #expect(
            read.log == GatewayConfiguration.Log(level: .critical, format: .text, access: false, accessSample: 250_000)
        )
        #expect(read.alerts?.webhookURL == "http://[::1]:9000/hook?x=1")
        #expect(read.alerts?.secret.bytes == Array(Secrets.webhook.utf8))
        #expect(read.alerts?.expiryNotice == .seconds(8 * 86_400))
        #expect(read.alerts?.unconfirmedShare == 60_000 && read.alerts?.driftShare == 1_000_000)
    }

    @Test("every member of teams and budgets arrives where it belongs")
    func arrivalOfTeams() throws {
        let read = try bench.configuration(Samples.unusual)
        let budget = try #require(read.budgets.organization.first)
        #expect(budget.window == .week && budget.limit.micros == 12_500_000)
        #expect(budget.alertAtMillionths == [500_000] && !budget.isEnforced)
        #expect(read.teams.map(\.record.id.rawValue) == ["legal", "sales"])
        #expect(read.teams.map(\.record.name) == ["Legal", "sales"])
        #expect(read.teams.map(\.record.account.rawValue) == ["zurich", "berlin"])
        let team = read.teams[0]
        #expect(team.keys.map(\.id) == ["legal-1", "legal-2"])
        #expect(team.keys[0].secret.bytes == Array(Secrets.teamKey.utf8))
        #expect(team.keys[0].notAfter == Timestamp(rfc3339: "2028-01-01T00:00:00Z"))
        #expect(team.keys[0].budgets.map(\.window) == [.day])
        #expect(team.record.budgets.map(\.window) == [.total] && team.record.budgets[0].limit.micros == 4_000_000)
        #expect(team.record.limits.requestsPerSecondMillionths == 500_000)
        #expect(team.record.limits.concurrencyMax == 33 && team.record.limits.models == ["gpt-4o"])
        #expect(team.record.cacheScope == .organization)
    }

    // MARK: Faults of every member

    static let places = (try? ConfigurationText(Samples.contract).places) ?? []

    /// A secret is one thing: what is wrong within it is told at the member that it is.
    private func faultPath(_ path: String) -> String {
        [".secret", ".password"].lazy.compactMap { path.range(of: $0) }.first.map { String(path[..<$0.upperBound]) }
            ?? path
    }

    @Test("a wrong type is told with the member's path, and nothing else is", arguments: places.map(\.path))
    func wrongType(_ path: String) throws {
        let text = try ConfigurationText(Samples.contract)
        let value = try #require(text.places.first { $0.path == path }).value
        let wrongs =
            switch value {
            case .string: ["5", "null", "[]", "{}", "true"]
            case .number: [#""5""#, "null", "[]", "{}", "true"]
            case .bool: ["0", "null", "[]", "{}", #""true""#]
            case .array: ["5", "null", #""""#, "{}", "true"]
            case .object: ["5", "null", "[]", #""""#, "true"]
            case .null: [String]()
            }
        #expect(!wrongs.isEmpty)
        for wrong in wrongs {
            let faults = try bench.faults(text.replacing(path, by: wrong).text)
            #expect(faults.count == 1, "\(path) = \(wrong): \(faults)")
            #expect(faults.first?.hasPrefix(faultPath(path) + ": must be ") == true, "\(path) = \(wrong): \(faults)")
        }
    }

    @Test("a member that is not known is told with its path", arguments: places.map(\.path) + [""])
    func unknownMember(_ path: String) throws {
        let text = try ConfigurationText(Samples.contract)
        if !path.isEmpty {
            guard case .object = try #require(text.places.first(where: { $0.path == path })).value else { return }
            // Any model may have a price.
            if path.hasSuffix("credits_per_page") { return }
        }
        let member = path.isEmpty ? "unheard_of" : path + ".unheard_of"
        let faults = try bench.faults(text.replacing(member, by: "1").text)
        if path.hasSuffix(".secret") || path.hasSuffix(".password") {
            #expect(
                faults == [
                    #"\#(member): is not a member that is known here; a secret is {"env": "NAME"}, {"file": "PATH"}, "#
                        + #"{"credential": "NAME"} or {"value": "…"}"#
                ]
            )
        } else {
            #expect(faults == ["\(member): is not a member that is known here"])
        }
    }

    @Test("what may be left out is not missed, and what may not is told", arguments: places.map(\.path))
    func leftOut(_ path: String) throws {
        let required = [
            "listen.tls.certificate_file", "listen.tls.private_key_file", "admin.tls.certificate_file",
            "admin.tls.private_key_file", "admin.tokens[0].name",
            "admin.tokens[0].secret", "upstream.base_url", "upstream.keys", "upstream.keys[0].id",
            "upstream.keys[0].secret", "passthrough.spending[0].method", "passthrough.spending[0].path",
            "passthrough.spending[1].method", "passthrough.spending[1].path", "budgets.organization[0].window",
            "budgets.organization[0].credits", "teams[0].id", "teams[0].keys[0].id", "teams[0].keys[0].secret",
            "teams[0].keys[0].budgets[0].window", "teams[0].keys[0].budgets[0].credits", "teams[0].budgets[0].window",
            "teams[0].budgets[0].credits", "teams[0].budgets[1].window", "teams[0].budgets[1].credits",
            "alerts.webhook_url", "alerts.secret",
        ]
        let faults = try bench.faults(ConfigurationText(Samples.contract).replacing(path, by: nil).text)
        if path == "upstream" {
            let missing = [
                "upstream.base_url: is missing; give the vendor's address",
                "upstream.keys: is missing; give the vendor's key",
            ]
            #expect(faults == missing)
        } else if path.contains(".secret.") || path.contains(".password.") {
            #expect(
                faults == [
                    #"\#(faultPath(path)): must be {"env": "NAME"}, {"file": "PATH"}, {"credential": "NAME"} or {"value": "…"}"#
                ]
            )
        } else if path == "upstream.keys[0]" {
            #expect(faults == ["upstream.keys: must have at least one key"])
        } else if required.contains(path) {
            #expect(faults.count == 1)
            #expect(faults.first?.hasPrefix(path + ": is missing; ") == true, "\(faults)")
        } else {
            #expect(faults.isEmpty)
        }
    }

    @Test("a misspelt member is told with the one that was meant")
    func misspelt() throws {
        let text = try ConfigurationText(Samples.least)
        let faults = try bench.faults(text.replacing("upstream.max_concurency", by: "5").text)
        let hint = "upstream.max_concurency: is not a member that is known here; did you mean max_concurrency?"
        #expect(faults == [hint])
    }

    // MARK: Ranges

    @Test(
        "a value within its range is taken, one outside is told with its path and what to do",
        arguments: MemberRange.all
    )
    func range(_ row: MemberRange) throws {
        let text = try ConfigurationText(Samples.contract)
        for good in row.good {
            #expect(try bench.faults(text.replacing(row.path, by: good).text) == [], "\(good)")
        }
        for bad in row.bad {
            let faults = try bench.faults(text.replacing(row.path, by: bad).text)
            #expect(faults == ["\(row.path): \(row.message)"], "\(bad)")
        }
    }

    @Test(
        "the base URL's faults are told apart",
        arguments: [
            ("api.documentpro.ai", "must begin with https:// or http://"),
            ("https://user@host", "must have no user name; keys stand in upstream.keys"),
            ("https://host/?x=1", "must have no query or fragment"),
            ("https://host/#x", "must have no query or fragment"),
            ("https://ho st", "has a character no URL has"), ("https://", "has no host, or a port that is none"),
            ("https://host:0", "has no host, or a port that is none"),
        ]
    )
    func baseURL(_ url: String, _ message: String) throws {
        let text = try ConfigurationText(Samples.least).replacing("upstream.base_url", by: "\"\(url)\"").text
        #expect(bench.faults(text) == ["upstream.base_url: \(message)"])
    }

    @Test("a vendor reached without TLS is warned of, but on this machine")
    func unencrypted() throws {
        let text = try ConfigurationText(Samples.least)
        let warnings = try bench.configuration(text.replacing("upstream.base_url", by: #""http://host""#).text).warnings
        let what = "is unusual: the vendor's key and documents' labels go unencrypted"
        let more = "and a vendor that redirects to https is not followed; use https"
        #expect(warnings == ["upstream.base_url: \(what), \(more)"])
        for url in ["http://127.0.0.1:8081", "http://localhost", "http://[::1]:1"] {
            #expect(try bench.configuration(text.replacing("upstream.base_url", by: "\"\(url)\"").text).warnings == [])
        }
        let lookalike = try text.replacing("upstream.base_url", by: #""http://127.example.com""#).text
        #expect(try bench.configuration(lookalike).warnings.count == 1)
    }

    @Test("what is filled in here and on the admin side has the same bounds, and others bound what else could grow")
    func bounds() throws {
        let text = try ConfigurationText(Samples.contract)
        let long = String(repeating: "x", count: 129)
        let address = "https://a/" + String(repeating: "x", count: 2_050)
        let key = "tg_abcd2345_" + String(repeating: "aB3x", count: 8)
        func list(_ count: Int, _ element: String) -> String {
            "[" + Array(repeating: element, count: count).joined(separator: ",") + "]"
        }
        let prices = "{" + (0...1_000).map { "\"\($0)\": 1" }.joined(separator: ",") + "}"
        for (path, value, bound) in [
            ("teams[0].name", "\"\(long)\"", "128"), ("teams[0].name", "\"\(key)\"", "key"),
            ("teams[0].models", list(101, "\"m\""), "100"), ("teams[0].budgets", list(101, "{}"), "100"),
            ("teams[0].keys", list(10_001, "{}"), "10000"), ("teams", list(10_001, "{}"), "10000"),
            ("upstream.keys", list(1_001, "{}"), "1000"), ("upstream.keys[0].account", "\"\(long)\"", "128"),
            ("upstream.base_url", "\"\(address)\"", "2048"), ("upstream.credits_per_page", prices, "1000"),
            ("admin.tokens", list(1_001, "{}"), "1000"), ("admin.tokens[0].name", "\"\(long)\"", "128"),
            ("budgets.organization", list(101, "{}"), "100"), ("passthrough.prefixes", list(1_001, "\"/\""), "1000"),
            ("passthrough.spending", list(1_001, "{}"), "1000"),
        ] {
            let faults = try bench.faults(text.replacing(path, by: value).text)
            #expect(faults.contains { $0.hasPrefix(path + ": ") && $0.contains(bound) }, "\(path): \(faults.prefix(3))")
            #expect(!faults.contains { $0.contains(key) })
        }
    }
}

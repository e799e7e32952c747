import Budgeting
import Forms
import JSON
import Registry
import Transport
import Vocabulary

/// Makes a configuration of a JSON tree, section by section in the order of `docs/settings.md`.
struct ConfigurationReader {
    let surroundings: Surroundings
    private(set) var configuration = GatewayConfiguration()
    private(set) var accountsElsewhere: [AccountElsewhere] = []

    private var report: FormReport { surroundings.report }

    init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    mutating func read(_ root: JSONValue) {
        guard let reader = ObjectReader(root, path: "", report: report) else { return }
        if let section = reader.object("listen") { readListen(section) }
        if let section = reader.object("admin") { readAdmin(section) }
        if let section = reader.object("upstream") {
            readUpstream(section)
        } else if !reader.isSet("upstream") {
            report.fault("upstream.base_url", "is missing; give the vendor's address")
            report.fault("upstream.keys", "is missing; give the vendor's key")
        }
        if let section = reader.object("passthrough") { readPassthrough(section) }
        if let section = reader.object("cache") { readCache(section) }
        if let section = reader.object("store") { readStore(section) }
        if let section = reader.object("budgets") { readBudgets(section) }
        let accounts = configuration.upstream.keys.map { AccountID(rawValue: $0.account) }
        let teams = TeamsReader(surroundings: surroundings, accounts: Set(accounts))
        if let entries = reader.objects("teams", atMost: FormLimits.teams) { configuration.teams = teams.read(entries) }
        accountsElsewhere = teams.accountsElsewhere
        if let section = reader.object("alerts") { readAlerts(section) }
        if let section = reader.object("log") { readLog(section) }
        if let section = reader.object("secrets") { readSecrets(section) }
        reader.finish()
    }

    /// The section `store`; others are not looked at.
    mutating func readStoreAlone(_ root: JSONValue) {
        guard let reader = ObjectReader(root, path: "", report: report) else { return }
        if let section = reader.object("store") { readStore(section) }
    }

    // MARK: Listeners

    private mutating func readListen(_ reader: ObjectReader) {
        defer { reader.finish() }
        readAddress(reader, into: &configuration.listen.address)
        reader.integer("workers", into: &configuration.listen.workers, 0...1_024)
        if let section = reader.object("tls") { configuration.listen.tls = readTLS(section) }
        reader.size("max_header_bytes", into: &configuration.listen.headerBytesMax, 256...(1 << 20))
        reader.size("max_body_bytes", into: &configuration.listen.bodyBytesMax, 1...(1 << 30))
        reader.integer("max_connections", into: &configuration.listen.connectionsMax, 1...10_000_000)
        reader.duration("header_timeout", into: &configuration.listen.headerTimeout)
        reader.duration("body_timeout", into: &configuration.listen.bodyTimeout)
        reader.duration("idle_timeout", into: &configuration.listen.idleTimeout)
        reader.duration("drain_timeout", into: &configuration.listen.drainTimeout, zeroAllowed: true)
        reader.duration("drain_delay", into: &configuration.listen.drainDelay, zeroAllowed: true)
    }

    private func readAddress(_ reader: ObjectReader, into target: inout ListenAddress) {
        guard let text = reader.string("address") else { return }
        guard let address = ListenAddress(parsing: text) else {
            return reader.fault("address", #"must be host:port or [v6]:port, like "127.0.0.1:8080""#)
        }
        target = address
    }

    private func readTLS(_ reader: ObjectReader) -> GatewayConfiguration.TLS? {
        defer { reader.finish() }
        let certificate = reader.pem("certificate_file", in: surroundings)
        let key = reader.pem("private_key_file", in: surroundings, isSecret: true)
        let clients = reader.pem("client_ca_file", in: surroundings)
        for name in ["certificate_file", "private_key_file"] where !reader.isSet(name) {
            reader.fault(name, "is missing; give the path of a PEM file")
        }
        let faults = TLSServerContext.faults(certificate: certificate, privateKey: key, clientAuthorities: clients)
        for fault in faults { reader.fault(member(of: fault.part), fault.description) }
        guard let certificate, let key else { return nil }
        return GatewayConfiguration.TLS(certificate: certificate, privateKey: key, clientAuthorities: clients)
    }

    private func member(of part: TLSConfigurationFault.Part) -> String {
        switch part {
        case .certificate, .unreadable: "certificate_file"
        case .privateKey: "private_key_file"
        case .clientAuthorities: "client_ca_file"
        case .authorities: "ca_file"
        }
    }

    /// A value of the field `Host` (RFC 9110 §7.2): a name or an address, with a port or without one.
    private func isHost(_ text: String) -> String? {
        let isSound = ListenAddress(parsing: text) != nil || ListenAddress(parsing: text + ":0") != nil
        return isSound ? nil : "must be a host with or without a port, like \"tollgate.example.com\""
    }

    private mutating func readAdmin(_ reader: ObjectReader) {
        defer { reader.finish() }
        readAddress(reader, into: &configuration.admin.address)
        if let hosts = reader.strings("hosts", atMost: FormLimits.hosts, isHost) { configuration.admin.hosts = hosts }
        if let section = reader.object("tls") { configuration.admin.tls = readTLS(section) }
        if !configuration.admin.address.isLoopback, !reader.isSet("tls") {
            let what = "is no loopback address, and there is no admin.tls: tokens and new keys go in clear; give "
            report.warn(reader.path("address"), what + "admin.tls, or put something that speaks TLS before it")
        }
        var names = Set<String>()
        for entry in reader.objects("tokens", atMost: FormLimits.tokens) ?? [] {
            var token = GatewayConfiguration.Token()
            entry.name("name", into: &token.name)
            if !entry.isSet("name") {
                entry.fault("name", "is missing; say whose token it is")
            }
            entry.choice("role", into: &token.role)
            if let secret = entry.secret("secret", in: surroundings) { token.secret = secret }
            surroundings.claim(token.secret, at: entry.path("secret"))
            if !token.name.isEmpty, !names.insert(token.name).inserted {
                entry.fault("name", "stands twice; give each token its own")
            }
            entry.finish()
            configuration.admin.tokens.append(token)
        }
    }

    // MARK: Upstream

    private mutating func readUpstream(_ reader: ObjectReader) {
        defer { reader.finish() }
        readBaseURL(reader)
        readAuthorities(reader)
        readKeys(reader)
        reader.duration("connect_timeout", into: &configuration.upstream.connectTimeout)
        reader.duration("response_timeout", into: &configuration.upstream.responseTimeout)
        reader.duration("idle_timeout", into: &configuration.upstream.idleTimeout)
        reader.size("max_response_bytes", into: &configuration.upstream.responseBytesMax, 1...(1 << 30))
        reader.integer("max_concurrency", into: &configuration.upstream.concurrencyMax, 1...100_000)
        reader.integer("max_queue", into: &configuration.upstream.queueMax, 0...1_000_000)
        reader.duration("queue_timeout", into: &configuration.upstream.queueTimeout)
        readPrices(reader)
        reader.integer("assumed_pages", into: &configuration.upstream.assumedPages, 1...1_000_000)
        guard let section = reader.object("circuit_breaker") else { return }
        section.integer("failures", into: &configuration.upstream.breakerFailures, 1...1_000_000)
        section.duration("window", into: &configuration.upstream.breakerWindow)
        section.duration("open_for", into: &configuration.upstream.breakerOpenFor)
        section.finish()
    }

    private mutating func readAuthorities(_ reader: ObjectReader) {
        let authorities = reader.pem("ca_file", in: surroundings)
        guard authorities != nil || !reader.isSet("ca_file") else { return }
        do throws(TLSConfigurationFault) { _ = try TLSClientContext(authorities: authorities) } catch {
            return reader.fault("ca_file", error.description)
        }
        configuration.upstream.authorities = authorities
    }

    private mutating func readBaseURL(_ reader: ObjectReader) {
        guard reader.isSet("base_url") else {
            _ = reader.take("base_url")
            return reader.fault("base_url", "is missing; give the vendor's address")
        }
        guard let text = reader.string("base_url") else { return }
        do throws(BaseURL.Fault) {
            let url = try BaseURL(parsing: text)
            configuration.upstream.baseURL = url
            if !url.isTLS, !url.isLoopback {
                let what =
                    "is unusual: the vendor's key and documents' labels go unencrypted, and a vendor that redirects to "
                    + "https is not followed; use https"
                report.warn(reader.path("base_url"), what)
            }
        } catch {
            reader.fault("base_url", error.reason)
        }
    }

    private mutating func readKeys(_ reader: ObjectReader) {
        guard reader.isSet("keys") else {
            _ = reader.take("keys")
            return reader.fault("keys", "is missing; give the vendor's key")
        }
        guard let entries = reader.objects("keys", atMost: FormLimits.upstreamKeys) else { return }
        if entries.isEmpty, reader.array("keys", atMost: FormLimits.upstreamKeys)?.isEmpty == true {
            reader.fault("keys", "must have at least one key")
        }
        var identifiers = Set<String>()
        for entry in entries {
            let key = readKey(entry)
            if !key.id.isEmpty, !identifiers.insert(key.id).inserted {
                entry.fault("id", "stands twice; give each key its own")
            }
            surroundings.claim(key.secret, at: entry.path("secret"))
            configuration.upstream.keys.append(key)
        }
    }

    private func readKey(_ entry: ObjectReader) -> GatewayConfiguration.UpstreamKeyEntry {
        defer { entry.finish() }
        var key = GatewayConfiguration.UpstreamKeyEntry()
        Identifier.read(entry, into: &key.id)
        entry.name("account", into: &key.account)
        if let secret = entry.secret("secret", in: surroundings) { key.secret = secret }
        key.terms.read(entry)
        return key
    }

    private mutating func readPrices(_ reader: ObjectReader) {
        guard let value = reader.take("credits_per_page") else { return }
        guard case .object(let members) = value else {
            return reader.fault("credits_per_page", "must be an object of models and credits")
        }
        guard members.count <= FormLimits.prices else {
            return reader.fault("credits_per_page", "must have at most \(FormLimits.prices) models")
        }
        for member in members {
            let path = "\(reader.path("credits_per_page")).\(member.name.printable)"
            if let reason = ObjectReader.whatIsWrong(withName: member.name) { report.fault(path, reason) }
            guard let credits = ObjectReader.credits(member.value, path, report) else { continue }
            configuration.upstream.creditsPerPage[member.name] = credits
        }
    }

    private mutating func readPassthrough(_ reader: ObjectReader) {
        defer { reader.finish() }
        reader.bool("enabled", into: &configuration.passthrough.isEnabled)
        let prefixes = reader.strings("prefixes", atMost: FormLimits.routes) { Self.whatIsWrong(withPath: $0) }
        if let prefixes { configuration.passthrough.prefixes = prefixes }
        reader.size("max_body_bytes", into: &configuration.passthrough.bodyBytesMax, 1...(1 << 40))
        guard let routes = reader.objects("spending", atMost: FormLimits.routes) else { return }
        configuration.passthrough.spending = routes.map { entry in
            var route = GatewayConfiguration.SpendingRoute()
            if !entry.isSet("method") { entry.fault("method", "is missing; give one like GET") }
            if !entry.isSet("path") { entry.fault("path", "is missing; give one like /v1/documents/{id}/run_parser") }
            entry.string("method", into: &route.method)
            entry.string("path", into: &route.path)
            if !route.method.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) {
                entry.fault("method", "must be a method in capital letters, like GET")
            }
            if !route.path.isEmpty, let reason = Self.whatIsWrong(withPath: route.path) { entry.fault("path", reason) }
            entry.finish()
            return route
        }
    }

    private static func whatIsWrong(withPath text: String) -> String? {
        if !text.hasPrefix("/") { return "must begin with a slash" }
        let isShort = text.utf8.count <= FormLimits.addressCharacters
        return isShort ? nil : "must have at most \(FormLimits.addressCharacters) characters"
    }

    // MARK: The rest

    private mutating func readCache(_ reader: ObjectReader) {
        defer { reader.finish() }
        reader.duration("ttl", into: &configuration.cache.ttl)
        reader.size("memory", into: &configuration.cache.memoryBytesMax, (64 << 10)...(1 << 44))
        reader.choice("scope", into: &configuration.cache.scope)
        reader.choice("schema_order", into: &configuration.cache.schemaOrder)
        reader.duration("stale_if_error", into: &configuration.cache.staleIfError, zeroAllowed: true)
        reader.duration("negative_ttl", into: &configuration.cache.negativeTTL, zeroAllowed: true)
        reader.duration("classifier_ttl", into: &configuration.cache.classifierTTL, zeroAllowed: true)
        reader.choice("hit_credits_used", into: &configuration.cache.hitCreditsUsed)
    }

    private mutating func readStore(_ reader: ObjectReader) {
        defer { reader.finish() }
        readStoreURL(reader)
        if reader.isSet("password") { configuration.store.password = reader.secret("password", in: surroundings) }
        _ = reader.take("password")
        if let password = configuration.store.password { surroundings.claim(password, at: reader.path("password")) }
        reader.bool("migrate", into: &configuration.store.migrates)
        reader.duration("stale_for", into: &configuration.store.staleFor, zeroAllowed: true)
        readRetention(reader)
    }

    private mutating func readRetention(_ reader: ObjectReader) {
        guard let value = reader.take("ledger_retention") else { return }
        if case .string("keep") = value { return }
        guard case .string(let text) = value, let retention = Units.duration(text),
            (Duration.seconds(90 * 86_400)...Duration.seconds(3_650 * 86_400)).contains(retention)
        else { return reader.fault("ledger_retention", #"must be "keep" or a duration from 90d to 3650d"#) }
        configuration.store.ledgerRetention = retention
    }

    private mutating func readStoreURL(_ reader: ObjectReader) {
        guard let url = reader.string("url") else { return }
        guard StoreURL.isSound(url) else { return reader.fault("url", "must be sqlite:PATH or postgresql://…") }
        if StoreURL.hasPassword(url) {
            return reader.fault("url", "has a password; put it into store.password")
        }
        configuration.store.url = url
    }

    private mutating func readBudgets(_ reader: ObjectReader) {
        defer { reader.finish() }
        if let zone = reader.string("time_zone") {
            if BudgetCalendar(timeZone: zone) == nil {
                reader.fault("time_zone", #"is no time zone; give one like "UTC" or "Europe/Zurich""#)
            } else {
                configuration.budgets.timeZone = zone
            }
        }
        reader.integer("exceeded_status", into: &configuration.budgets.exceededStatus, 400...499)
        configuration.budgets.organization = BudgetForm.read(reader, "organization")
    }

    private mutating func readAlerts(_ reader: ObjectReader) {
        defer { reader.finish() }
        var alerts = GatewayConfiguration.Alerts()
        if reader.isSet("webhook_url") {
            reader.string("webhook_url", into: &alerts.webhookURL)
            if !alerts.webhookURL.isEmpty, alerts.receiver == nil {
                reader.fault("webhook_url", "must be an https address, or http to loopback")
            }
        } else {
            _ = reader.take("webhook_url")
            reader.fault("webhook_url", "is missing; give the address that alerts are posted to")
        }
        if let secret = reader.secret("secret", in: surroundings) { alerts.secret = secret }
        reader.duration("expiry_notice", into: &alerts.expiryNotice)
        reader.share("unconfirmed_share", into: &alerts.unconfirmedShare)
        reader.share("drift_share", into: &alerts.driftShare)
        configuration.alerts = alerts
    }

    private mutating func readLog(_ reader: ObjectReader) {
        defer { reader.finish() }
        reader.choice("level", into: &configuration.log.level)
        reader.choice("format", into: &configuration.log.format)
        reader.bool("access", into: &configuration.log.access)
        guard let value = reader.take("access_sample") else { return }
        guard case .number(let text) = value, let share = MicroCredits(jsonNumber: text.utf8),
            share.micros <= 1_000_000
        else { return reader.fault("access_sample", "must be a share from 0 to 1 with at most 6 decimals, like 0.01") }
        configuration.log.accessSample = share.micros
    }

    private mutating func readSecrets(_ reader: ObjectReader) {
        defer { reader.finish() }
        guard let value = reader.take("reload") else { return }
        if case .string("off") = value { return }
        guard case .string(let text) = value, let interval = Units.duration(text),
            (Duration.seconds(1)...Duration.seconds(86_400)).contains(interval)
        else { return reader.fault("reload", #"must be "off" or a duration from 1s to 24h"#) }
        configuration.secrets.reloadInterval = interval
    }
}

import Forms
import Foundation
import Oracles
import Registry

@testable import Configuration

/// Any bytes, read as a configuration file, whose secrets are in the environment; and as the texts that a member may
/// have.
struct ConfigurationTarget {
    private static let environment = [
        "TOLLGATE_ADMIN_TOKEN": "admin-token-3f6a1c", "DOCUMENTPRO_API_KEY": "vendor-key-9d0e2b",
        "AP_BATCH_KEY": "team-key-77aa41c05d", "TOLLGATE_WEBHOOK_SECRET": "webhook-secret-5b1d",
        "TOLLGATE_STORE_PASSWORD": "store-password-2c8e",
    ]
    /// Nothing is there: files that a configuration names cannot be read.
    private static let folder = URL(fileURLWithPath: "/nonexistent/tollgate-fuzzing")

    private let input: [UInt8]

    init(_ input: [UInt8]) { self.input = input }

    func run() throws(BrokenRule) {
        try checkTexts()
        // Only what is in the environment is looked up: no path leads out of the folder.
        guard !namesFilesElsewhere else { return }
        let result = read()
        try hold(read() == result, "a file is read the same each time")
        switch result {
        case .success(let configuration): try check(configuration)
        case .failure(let faults): try check(faults)
        }
        if case .failure(let faults) = ConfigurationFile.readStore(input, surroundings) { try check(faults) }
    }

    private var surroundings: Surroundings { Surroundings(folder: Self.folder, environment: Self.environment) }

    private func read() -> Result<GatewayConfiguration, ConfigurationFaults> {
        ConfigurationFile.read(input, surroundings, othersMayRead: true)
    }

    private var namesFilesElsewhere: Bool {
        func names(_ tree: Tree) -> Bool {
            switch tree {
            case .null, .bool, .number, .string: return false
            case .array(let elements): return elements.contains(where: names)
            case .object(let members):
                return members.contains { name, value in
                    if case .string(let path) = value, name.string.hasSuffix("file") {
                        return path.string.hasPrefix("/") || path.string.contains("..")
                    }
                    return names(value)
                }
            }
        }
        return NaiveJSON.read(input).map(names) ?? false
    }

    private func check(_ faults: ConfigurationFaults) throws(BrokenRule) {
        try hold(!faults.faults.isEmpty, "what is refused has a reason")
        for fault in faults.faults {
            try hold(!fault.message.isEmpty, "a fault says what is wrong")
            try hold(!Self.environment.values.contains { fault.description.contains($0) }, "no fault holds a secret")
        }
        guard NaiveJSON.read(input) == nil else { return }
        let texts = faults.faults.map(\.description)
        try hold(
            texts.count == 1 && texts[0].contains("line ") && texts[0].contains("column "),
            "bad JSON has its place"
        )
    }

    /// What was read can be worked with.
    private func check(_ configuration: GatewayConfiguration) throws(BrokenRule) {
        try hold(NaiveJSON.read(input) != nil, "a configuration is JSON")
        try hold(configuration.upstream.baseURL != nil, "a configuration without the vendor's address is refused")
        let secrets = Self.environment.values
        try hold(
            !configuration.warnings.contains { text in secrets.contains { text.contains($0) } },
            "no warning has a secret"
        )
        let registry: Registry
        do {
            registry = try Registry(
                file: configuration.fileRegistry,
                rows: RegistryRows(),
                sealer: SecretSealer(master: nil)
            )
        } catch {
            throw BrokenRule(description: "teams and keys that are read make a registry")
        }
        // Reading the system's authorities takes longer than all the rest.
        var configuration = configuration
        configuration.upstream.baseURL = try? BaseURL(parsing: "http://localhost")
        do { _ = try configuration.gatewaySettings(registry) } catch {
            throw BrokenRule(description: "a configuration without certificates makes settings: \(error)")
        }
    }

    // MARK: Texts

    private func checkTexts() throws(BrokenRule) {
        let text = String(decoding: input, as: UTF8.self)
        if let address = ListenAddress(parsing: text) {
            try hold(ListenAddress(parsing: address.description) == address, "an address that is written is read again")
        }
        if let url = try? BaseURL(parsing: text) {
            let scheme = url.isTLS ? "https://" : "http://"
            let again = try? BaseURL(parsing: scheme + url.authority + url.pathPrefix)
            try hold(again == url, "an address of the vendor that is written is read again")
            try hold(
                url.port != 0 && !url.pathPrefix.hasSuffix("/"),
                "it has a port, and a prefix that can be continued"
            )
        }
        if let size = Units.size(text) {
            try hold(Units.size(Units.text(size)) == size, "a size that is written is read again")
        }
        if let duration = Units.duration(text) { try hold(duration >= .zero, "no duration is negative") }
        _ = (StoreURL.isSound(text), StoreURL.hasPassword(text))
    }
}

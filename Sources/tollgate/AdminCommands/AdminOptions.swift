import AdminClient
import ArgumentParser
import Transport

/// Options of every command that calls the admin API.
struct AdminOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the admin API answers, http or https; a path prefix is allowed.",
            discussion: "The token is sent along: over http everybody on the way can read it.",
            valueName: "url"
        )
    )
    var admin = AdminAddress(parsing: "http://127.0.0.1:9090")!

    @Option(
        help: ArgumentHelp(
            "A PEM file of the authorities that the server's certificate may come from, in place of the system's.",
            valueName: "file"
        )
    )
    var caFile: String?

    @Option(
        help: ArgumentHelp(
            "A PEM file of a certificate to show to a server with admin.tls.client_ca_file; with --client-key.",
            valueName: "file"
        )
    )
    var clientCertificate: String?

    @Option(help: ArgumentHelp("A PEM file of the key of that certificate.", valueName: "file"))
    var clientKey: String?

    @Option(help: "How to print the answer: table for people, json or csv for programs.")
    var output = OutputFormat.table

    func validate() throws {
        guard (clientCertificate == nil) == (clientKey == nil) else {
            throw ValidationError("--client-certificate and --client-key come together")
        }
        guard admin.url.isTLS || (caFile == nil && clientCertificate == nil) else {
            throw ValidationError("--ca-file and --client-certificate need --admin https://…")
        }
    }

    /// Reads the files that the options name. Blocks.
    func trust() throws(UsageFault) -> AdminTrust {
        do throws(TLSConfigurationFault) {
            return try AdminTrust(authorityFile: caFile, certificateFile: clientCertificate, keyFile: clientKey)
        } catch {
            throw UsageFault(description: error.description)
        }
    }
}

extension AdminAddress: ExpressibleByArgument {
    public init?(argument: String) { self.init(parsing: argument) }
}

/// The number of list items to show.
struct LimitOptions: ParsableArguments {
    @Option(help: "Stop after so many items; all are shown without it, at most 100000.")
    var limit: Int?

    func validate() throws {
        guard limit ?? 1 > 0 else { throw ValidationError("--limit must be 1 or more") }
    }
}

/// The output format of an answer.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// The most important members, in aligned columns.
    case table
    /// All members, exactly as the gateway sent them.
    case json
    /// All members, as RFC 4180 with a header line.
    case csv
}

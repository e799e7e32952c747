import ArgumentParser
import Cryptography
import Foundation
import Keying
import Vocabulary

/// `tollgate key FILE`: explains why two requests do or do not share a result.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Print the canonical form and the cache key of a classify body.",
        discussion: """
            Two bodies share a result exactly when their keys are equal. The key also covers the account and, with \
            team scope, the team, so give the same ones when you compare.

            EXAMPLES
              tollgate key request.json
              tollgate key --classifier 7d0c5c1e request.json
              tollgate key --account second --schema-order significant - <request.json
            """
    )

    @Argument(help: "A file with the JSON body; - reads standard input.")
    var file: String

    @Option(help: "The vendor account of the asking team.")
    var account = "default"

    @Option(help: "The asking team, where its cache scope is \"team\".")
    var team: String?

    @Option(help: "The saved classifier that is asked, as the path has it; the body then needs no schema.")
    var classifier: String?

    @Option(help: "How often the classifier has changed, as the gateway counts: its epoch.")
    var epoch: Int64 = 0

    @Option(help: "cache.schema_order: insignificant or significant.")
    var schemaOrder = SchemaOrderArgument.insignificant

    func run() throws {
        let body: [UInt8]
        do {
            let data =
                file == "-"
                ? try FileHandle.standardInput.readToEnd() ?? Data() : try Data(contentsOf: URL(fileURLWithPath: file))
            body = Array(data)
        } catch {
            StandardError.print("\(file): cannot be read; give a file with a classify body, or - for standard input")
            throw ExitCode(1)
        }
        let asked = classifier.map { SavedClassifier(identifier: $0, epoch: epoch) }
        let request: ClassifyRequest
        do throws(KeyingFault) {
            request = try ClassifyReader().read(
                body.span,
                schemaOrder: schemaOrder.order,
                of: asked
            )
        } catch {
            StandardError.print("\(file): \(error.code.rawValue): \(error.message)")
            throw ExitCode(1)
        }
        let scope = KeyScope(account: AccountID(rawValue: account), team: team.map(TeamID.init(rawValue:)))
        print("canonical: " + String(decoding: request.canonical, as: UTF8.self))
        print("key: \(request.key(in: scope, with: SHA256Hasher()))")
    }
}

/// The setting `cache.schema_order` on the command line.
enum SchemaOrderArgument: String, ExpressibleByArgument, CaseIterable {
    case insignificant, significant

    var order: SchemaOrder {
        switch self {
        case .insignificant: .insignificant
        case .significant: .significant
        }
    }
}

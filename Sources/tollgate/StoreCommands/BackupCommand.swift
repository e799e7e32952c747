import AdminClient
import ArgumentParser
import Calling
import Cryptography
import Foundation
import JSON
import Storage
import Vocabulary

/// `tollgate backup FILE`: a copy of the store of a running gateway.
struct BackupCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Fetch a consistent copy of the store while the gateway runs.",
        discussion: """
            Writes FILE.part, checks its length and SHA-256 against what the gateway sent and the database from its first \
            page to its last, and then names it FILE. A download that is cut off leaves no FILE. The file has the results \
            and what every team spent: it is made for its owner only. Secrets in it are sealed with TOLLGATE_MASTER_KEY, \
            which is not in it: keep that elsewhere.

            Needs TOLLGATE_ADMIN_TOKEN of role admin in the environment.

            EXAMPLES
              tollgate backup tollgate-backup.db
              tollgate backup --force /var/backups/tollgate.db --output json
              tollgate backup - | zstd >tollgate.db.zst
            """
    )

    @Argument(help: "The file to write; - writes the copy to standard output, with its checksum compared only.")
    var file: String
    @Flag(help: "Replace FILE if it is there.") var force = false
    @OptionGroup var options: AdminOptions

    /// How long the gateway may take to make the copy, or to send the next piece of it.
    private static let patience = Duration.seconds(6 * 3_600)

    func answer(of client: AdminCaller) throws -> AdminOutput {
        if file == "-" { return try stream(client) }
        if !force, access(file, F_OK) == 0 {
            throw UsageFault(description: "\(file): is there already; give another name, or --force to replace it")
        }
        let part = file + ".part"
        let progress = ProgressLine()
        defer { progress.end() }
        let target = try BackupFile(part)
        do {
            let received = try receive(client, progress) { try target.write($0) }
            try target.finish()
            progress.show("checking the copy")
            let (survey, faults) = try inspect(part)
            try target.rename(to: file)
            let output = AdminOutput.one(object(received, survey), .backup)
            guard let fault = faults.first else { return output }
            return .remarked(
                output,
                "the sums do not agree with the ledger: \(fault); the gateway's store has the same"
            )
        } catch {
            target.discard()
            throw error
        }
    }

    private func inspect(_ part: String) throws -> (StoreSurvey, [String]) {
        do throws(StoreFault) {
            return try StoreInspection.inspect(part)
        } catch {
            throw UsageFault(description: "the copy arrived whole and is of no use: \(error.detail)")
        }
    }

    private func object(_ received: BackupReceipt, _ survey: StoreSurvey) -> JSONValue {
        .object(
            [
                ("file", .string(file)), ("bytes", .integer(received.byteCount)),
                ("sha256", .string(received.digest.description)),
            ] + StoreSurveyText.object(survey)
        )
    }

    private func stream(_ client: AdminCaller) throws -> AdminOutput {
        let received = try receive(client, ProgressLine(isTerminal: false)) { piece in
            do { try FileHandle.standardOutput.write(contentsOf: Data(piece)) } catch {
                throw UsageFault(description: "standard output cannot be written; the copy is not whole")
            }
        }
        return .remarked(.text(""), "\(received.byteCount) bytes, sha256 \(received.digest)")
    }

    private func receive(
        _ client: AdminCaller,
        _ progress: ProgressLine,
        _ write: @escaping ([UInt8]) throws -> Void
    ) throws -> BackupReceipt {
        progress.show("the gateway makes the copy")
        let receipt = BackupReceipt()
        var failure: (any Error)?
        do {
            try client.waiting(atMost: Self.patience).download(AdminCall(.get, ["backup"])) { head, piece in
                receipt.note(head, piece)
                do { try write(piece) } catch {
                    failure = error
                    return false
                }
                progress.show(receipt.progress)
                return true
            }
        } catch {
            throw failure ?? error
        }
        try receipt.check()
        return receipt
    }
}

/// What of a backup has come, and whether it is all. Confined to one download.
private final class BackupReceipt {
    private(set) var byteCount: Int64 = 0
    private(set) var digest = Digest(0, 0, 0, 0)
    private var announced: Int64?
    private var announcedDigest: String?
    private let hasher = SHA256Hasher()

    func note(_ head: CallHead, _ piece: [UInt8]) {
        announced = head.contentLength
        announcedDigest = head.field("repr-digest")
        hasher.update(piece)
        byteCount += Int64(piece.count)
    }

    var progress: String {
        let all = announced ?? 0
        return "\(StoreSurveyText.size(byteCount)) of \(StoreSurveyText.size(all)), "
            + StoreSurveyText.percent(byteCount, of: all)
    }

    /// Compares length and SHA-256 with what was announced (RFC 9530 §3).
    func check() throws {
        digest = hasher.finalize()
        guard let announced, let announcedDigest else {
            throw UsageFault(description: "what came says neither its length nor its SHA-256; is a proxy on the way?")
        }
        guard byteCount == announced else {
            throw UsageFault(description: "only \(byteCount) of \(announced) bytes came; try again")
        }
        let expected = "sha-256=:\(Data(digest.bytes).base64EncodedString()):"
        guard announcedDigest == expected else {
            throw UsageFault(
                description: "the copy changed on the way: its SHA-256 is another than announced; try again"
            )
        }
    }
}

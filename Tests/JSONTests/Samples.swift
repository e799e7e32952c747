@testable import JSON

/// Reads a text as a request is read; nil when it is accepted.
func jsonFault(_ bytes: [UInt8]) -> JSONFault? {
    var json = StrictJSON()
    do throws(JSONFault) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONFault) in try json.read(buffer) }
        return nil
    } catch {
        return error
    }
}

func jsonFault(_ text: String) -> JSONFault? { jsonFault(Array(text.utf8)) }

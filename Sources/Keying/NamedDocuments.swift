import JSON

/// The documents that the content of a request to the vendor names.
public enum NamedDocuments {
    /// Reads the values of `document_id` in the outermost object, as any reader of JSON might take them: duplicates all
    /// count, and what the strict reader refuses (NaN, a byte order mark, a lone surrogate elsewhere) is read too.
    ///
    /// - Parameter content: any bytes; at most 4 GiB.
    /// - Returns: the values that are UUIDs, in lower case, in their order; none when the content is no JSON object.
    public static func read(_ content: Span<UInt8>) -> [String] {
        unsafe content.withUnsafeBufferPointer { bytes in
            var documents: [String] = []
            var object = unsafe LenientObject(bytes)
            let shape = object.forEachMember { name, value in
                guard case .string(let text) = value, unsafe JSONContent.isWellFormed(name, bytes),
                    unsafe JSONContent.equals(name, "document_id", bytes),
                    unsafe JSONContent.isWellFormed(text, bytes),
                    let document = DocumentID.canonical(unsafe JSONContent.bytes(text, bytes))
                else { return }
                documents.append(String(decoding: document, as: UTF8.self))
            }
            switch shape {
            case .object, .objectAndMore: return documents
            case .broken: return []
            }
        }
    }
}

extension APIPart {
    static let lessons = APIPart(
        tag: "lessons",
        text: "What estimates have learned.",
        operations: [
            Operation(
                .get,
                "/admin/v1/lessons",
                "listLessons",
                "Lists credits per page by model, then pages by document",
                "`model` and `document_id` exclude each other.",
                role: .viewer,
                parameters: choice + Parameter.page,
                replies: [.ok("A page of lessons.", .page(of: .named("Lesson")))]
            ),
            Operation(
                .delete,
                "/admin/v1/lessons",
                "forgetLesson",
                "Forgets what was learned of a model or a document",
                "Give exactly one parameter.",
                role: .admin,
                parameters: choice,
                replies: [.noContent("It is forgotten, or was not known.")]
            ),
        ],
        schemas: [
            ("Lesson", .either([.named("ModelLesson"), .named("DocumentLesson")])),
            (
                "ModelLesson",
                .object([
                    .init("kind", .exactly("model")), .init("model", .text), .init("credits_per_page", .credits),
                    .init("replies", .count),
                    .init(
                        "recent",
                        .list(of: .object([.init("credits", .credits), .init("pages", .count)]))
                    ),
                ])
            ),
            (
                "DocumentLesson",
                .object([
                    .init("kind", .exactly("document")), .init("account", .text), .init("document_id", .text),
                    .init("pages", .count),
                ])
            ),
        ]
    )

    private static let choice: [Parameter] = [
        .query("model", .text(1...128), "The name of a model: 1 to 128 bytes."),
        .query("document_id", .uuid, "In letters of either case."),
    ]
}

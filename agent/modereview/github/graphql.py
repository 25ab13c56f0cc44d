"""What REST does not tell or do, asked by GraphQL: threads, who may close them, hiding comments."""

from __future__ import annotations

THREADS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    reviewThreads(first: 50, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id isResolved viewerCanResolve viewerCanUnresolve path line startLine
        comments(first: 20) {
          totalCount
          nodes { id fullDatabaseId body viewerDidAuthor isMinimized viewerCanMinimize }
        }
      }
    }
  } }
}"""
COMMENTS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    comments(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { fullDatabaseId body viewerDidAuthor }
    }
  } }
}"""
MINIMIZE = """
mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: RESOLVED}) { clientMutationId } }"""
RESTORE = """
mutation($id: ID!) { unminimizeComment(input: {subjectId: $id}) { clientMutationId } }"""
RESOLVE = """
mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { clientMutationId } }"""
REOPEN = """
mutation($id: ID!) { unresolveReviewThread(input: {threadId: $id}) { clientMutationId } }"""

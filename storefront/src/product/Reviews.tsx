import { useQuery } from "@apollo/client/react";
import { useState } from "react";

import { problemOf } from "../api/errors";
import { useSession } from "../api/session";
import { graphql, type FragmentType, unmask } from "../gql";
import { useLanguage, useTexts } from "../texts";
import { TextArea } from "../ui/Field";
import { Form, useSend } from "../ui/Form";
import { Notice } from "../ui/Notice";
import { Stars } from "../ui/Rating";

const ReviewParts = graphql(`
  fragment ReviewParts on Comment {
    id
    body
    rating
    createdAt
    verifiedPurchase
    active
    author { id name }
  }
`);

export const ReviewsParts = graphql(`
  fragment ReviewsParts on Product {
    id
    comments(first: 5) {
      nodes { id ...ReviewParts }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

const MORE = graphql(`
  query MoreReviews($slug: String!, $after: String) {
    product(slug: $slug) {
      id
      comments(first: 5, after: $after) {
        nodes { id ...ReviewParts }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

interface Props {
  slug: string;
  product: FragmentType<typeof ReviewsParts>;
}

export function Reviews({ slug, product: masked }: Props) {
  const t = useTexts();
  const { comments } = unmask(ReviewsParts, masked);
  const { fetchMore } = useQuery(MORE, { variables: { slug }, fetchPolicy: "cache-only", ssr: false });
  const [problem, setProblem] = useState("");

  async function more() {
    try {
      await fetchMore({ variables: { after: comments.pageInfo.endCursor } });
      setProblem("");
    } catch (error) {
      setProblem(problemOf(error, t).message);
    }
  }

  if (comments.nodes.length === 0) return <p className="text-soft">{t.reviews.none}</p>;
  return (
    <div>
      <ul className="divide-y divide-line">
        {comments.nodes.map((comment) => (
          <Review key={comment.id} comment={comment} />
        ))}
      </ul>
      {comments.pageInfo.hasNextPage && (
        <button className="button mt-6" onClick={() => void more()}>
          {t.reviews.more}
        </button>
      )}
      <Notice isError>{problem}</Notice>
    </div>
  );
}

function Review({ comment: masked }: { comment: FragmentType<typeof ReviewParts> }) {
  const comment = unmask(ReviewParts, masked);
  const { t, date } = useLanguage();
  const session = useSession();
  const [isReporting, setReporting] = useState(false);
  const isMine = session?.me?.profile.id === comment.author.id;
  return (
    <li className="py-6 first:pt-0">
      {comment.rating !== null && <Stars average={comment.rating} />}
      <p className="mt-1 max-w-prose whitespace-pre-line">{comment.body}</p>
      <p className="mt-2 text-sm text-soft">
        {comment.author.name} · <time dateTime={comment.createdAt}>{date(comment.createdAt)}</time>
        {comment.verifiedPurchase && ` · ${t.reviews.verified}`}
        {!isMine && !isReporting && (
          <>
            {" · "}
            <button className="link" onClick={() => setReporting(true)}>
              {t.reviews.report}
            </button>
          </>
        )}
      </p>
      {isReporting && <Report id={comment.id} onDone={() => setReporting(false)} />}
    </li>
  );
}

const REPORT = graphql(`
  mutation ReportComment($input: ReportCommentInput!) {
    reportComment(input: $input) {
      ... on Comment { id }
      ... on UserError { code message }
    }
  }
`);

function Report({ id, onDone }: { id: string; onDone: () => void }) {
  const t = useTexts();
  const { send, isDone, isBusy, refusal } = useSend(REPORT);
  if (isDone) return <Notice>{t.reviews.reported}</Notice>;
  return (
    <Form onSend={(text) => void send({ input: { id, reason: text("reason") } })} className="mt-3 max-w-md space-y-3">
      <TextArea name="reason" label={t.reviews.reason} rows={2} maxLength={500} required />
      <Notice isError>{refusal}</Notice>
      <div className="flex gap-2">
        <button className="button" disabled={isBusy}>
          {t.reviews.report}
        </button>
        <button type="button" className="button border-transparent" onClick={onDone}>
          {t.cancel}
        </button>
      </div>
    </Form>
  );
}
